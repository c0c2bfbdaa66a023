/**
 * The probability that at least `successes` of `trials` independent trials succeed, each with probability `p`: the upper tail of the binomial
 * distribution, summed exactly in logarithms from its greatest term outwards.
 */
export function binomialUpperTail(successes: number, trials: number, p: number): number {
  if (successes <= 0) return 1;
  if (successes > trials || p <= 0) return 0;
  if (p >= 1) return 1;
  // Far above the mean only the tail itself is small; below it the complement is.
  if (successes <= trials * p) return Math.max(0, 1 - lowerTail(successes - 1, trials, p));
  let term = Math.exp(logTerm(successes, trials, p));
  let sum = term;
  const odds = p / (1 - p);
  for (let k = successes; k < trials && term > sum * 1e-16; k++) {
    term *= ((trials - k) / (k + 1)) * odds;
    sum += term;
  }
  return Math.min(1, sum);
}

function lowerTail(successes: number, trials: number, p: number): number {
  let term = Math.exp(logTerm(successes, trials, p));
  let sum = term;
  const odds = (1 - p) / p;
  for (let k = successes; k > 0 && term > sum * 1e-16; k--) {
    term *= (k / (trials - k + 1)) * odds;
    sum += term;
  }
  return Math.min(1, sum);
}

function logTerm(k: number, n: number, p: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k) + k * Math.log(p) + (n - k) * Math.log1p(-p);
}

const SMALL = Array.from({ length: 32 }, () => 0);
for (let n = 1; n < SMALL.length; n++) SMALL[n] = (SMALL[n - 1] ?? 0) + Math.log(n);

/** Stirling's series; beyond the table its error is below 1e-12. */
function logFactorial(n: number): number {
  if (n < SMALL.length) return SMALL[n] ?? 0;
  return (
    (n + 0.5) * Math.log(n) -
    n +
    0.5 * Math.log(2 * Math.PI) +
    1 / (12 * n) -
    1 / (360 * n ** 3) +
    1 / (1260 * n ** 5)
  );
}

/**
 * The upper bound of Wilson's score interval of a proportion.
 * @param z of the standard normal distribution: 1.96 for a two-sided confidence of 95 %
 */
export function wilsonUpperBound(successes: number, trials: number, z: number): number {
  if (trials <= 0) return 1;
  const rate = successes / trials;
  const z2 = z * z;
  const centre = rate + z2 / (2 * trials);
  const half = z * Math.sqrt((rate * (1 - rate) + z2 / (4 * trials)) / trials);
  return Math.min(1, (centre + half) / (1 + z2 / trials));
}
