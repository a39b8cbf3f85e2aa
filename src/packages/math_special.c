/* math_special.c - error and gamma functions.
 *
 * The reference computes them by these formulas, and what it prints is what scripts were written for: the C library
 * would be nearer to the truth in the last digits, and different. */
#include "config.h"

#include <math.h>

#include "packages/math_parts.h"

#define PI 3.14159265358979323846

/* Abramowitz and Stegun, 7.1.26. */
double kp_math_erf(double x)
{
    double t = 1.0 / (1.0 + 0.3275911 * fabs(x));
    double sum = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
    double y = 1.0 - sum * exp(-x * x);
    return x < 0 ? -y : y;
}

double kp_math_erfc(double x)
{
    return 1.0 - kp_math_erf(x);
}

/* Lanczos' approximation with g = 7 and nine terms: its sum at x - 1. */
static double lanczos(double x)
{
    static const double terms[] = {676.5203681218851,     -1259.1392167224028,  771.32342877765313,
                                   -176.61502916214059,   12.507343278686905,   -0.13857109526572012,
                                   9.9843695780195716e-6, 1.5056327351493116e-7};
    double sum = 0.99999999999980993;
    for (int i = 0; i < (int)(sizeof(terms) / sizeof(terms[0])); i++)
        sum += terms[i] / (x + i);
    return sum;
}

static bool is_pole(double x)
{
    return x <= 0 && x == floor(x);
}

double kp_math_tgamma(double x)
{
    enum { SPLIT_FROM = 140 }; /* where the power is too large for a double, and the product is not */
    if (is_pole(x))
        return x == 0 ? copysign(HUGE_VAL, x) : (double)NAN;
    if (x < 0.5)
        return PI / (sin(PI * x) * kp_math_tgamma(1 - x));
    double t = x + 6.5, sum = lanczos(x);
    if (x < SPLIT_FROM)
        return sqrt(2 * PI) * pow(t, x - 0.5) * exp(-t) * sum;
    double half = pow(t, (x - 0.5) / 2);
    return sqrt(2 * PI) * half * exp(-t) * half * sum;
}

double kp_math_lgamma(double x)
{
    if (is_pole(x) || isinf(x))
        return HUGE_VAL;
    if (x < 0.5)
        return log(PI / fabs(sin(PI * x))) - kp_math_lgamma(1 - x);
    double t = x + 6.5;
    return 0.5 * log(2 * PI) + (x - 0.5) * log(t) - t + log(lanczos(x));
}
