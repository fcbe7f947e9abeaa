"""The Nile, 1871 to 1970: a Kalman filter's likelihood, maximised.

The level of the river drifts, and each year's flow is the level with noise. The filter
gives the probability of all 100 years, and fgrad its slope in the two variances. The
textbook (Durbin and Koopman, 2012, page 37) has 15099 and 1469.1. Saves ``kalman.png``.

    python examples/kalman.py [--figure path/to/figure.png]
"""

import matplotlib.pyplot as plt
import numpy as np
from command_line import arguments

from fgrad import hessian, optim

FLOW = np.fromstring(
    """1120 1160 963 1210 1160 1160 813 1230 1370 1140 995 935 1110 994 1020 960 1180
    799 958 1140 1100 1210 1150 1250 1260 1220 1030 1100 774 840 874 694 940 833 701 916
    692 1020 1050 969 831 726 456 824 702 1120 1100 832 764 821 768 845 864 862 698 845
    744 796 1040 759 781 865 845 944 984 897 822 1010 771 676 649 846 812 742 801 1040
    860 874 848 890 744 749 838 1050 918 986 797 923 975 815 1020 906 901 1170 912 746
    919 718 714 740""",
    sep=" ",
)


def filtered(variances):
    """The level's mean and variance after each year, and the log-likelihood."""
    noise, drift = np.exp(variances)
    # The first year says all that is known of the level.
    mean, variance, levels, log_likelihood = FLOW[0], noise, [(FLOW[0], noise)], 0.0
    for flow in FLOW[1:]:
        variance = variance + drift
        surprise, spread = flow - mean, variance + noise
        log_likelihood = log_likelihood - 0.5 * (
            np.log(2 * np.pi * spread) + surprise**2 / spread
        )
        gain = variance / spread
        mean, variance = mean + gain * surprise, variance * (1 - gain)
        levels.append((mean, variance))
    return levels, log_likelihood


def loss(variances):
    return -filtered(variances)[1]


def main():
    options = arguments(__doc__, __file__)
    found = optim.lbfgs(loss, np.log([10_000.0, 10_000.0]))
    noise, drift = np.exp(found.params)
    errors = np.sqrt(np.diag(np.linalg.inv(hessian(loss)(found.params))))
    print(f"log-likelihood {-found.value:.2f} after {found.steps} steps")
    print(f"variance of the noise {noise:.0f} ± {errors[0]:.0%} (textbook 15099)")
    print(f"variance of the drift {drift:.1f} ± {errors[1]:.0%} (textbook 1469.1)")

    mean, variance = np.array(filtered(found.params)[0]).T
    years, deviation = 1871 + np.arange(len(FLOW)), np.sqrt(variance)
    figure, axes = plt.subplots(figsize=(7, 3.5), layout="constrained")
    axes.plot(years, FLOW, ".", color="0.4", label="flow of the year")
    axes.plot(years, mean, color="tab:blue", label="level, as known in that year")
    axes.fill_between(
        years, mean - 1.645 * deviation, mean + 1.645 * deviation, alpha=0.25
    )
    axes.set(ylabel="10⁸ m³ a year", title="The Nile at Aswan, with 90 % intervals")
    axes.legend()
    figure.savefig(options.figure, dpi=100)


if __name__ == "__main__":
    main()
