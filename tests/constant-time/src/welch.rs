//! Whether two sets of timings have the same mean: Welch's t, as dudect uses it (Reparaz, Balasch, Verbauwhede, "Dude,
//! is my code constant time?", 2017), also over the samples below a percentile: what interrupts a measurement only
//! makes it longer.

/// The percentiles below which samples are looked at.
pub const PERCENTILES: [usize; 6] = [100, 99, 95, 90, 75, 50];

/// Welch's t for two sets of samples; 0 when neither varies and the means are equal.
#[must_use]
pub fn t(one: &[f64], other: &[f64]) -> f64 {
    let ((mean, error), (other_mean, other_error)) = (moments(one), moments(other));
    let difference = mean - other_mean;
    if difference == 0.0 { 0.0 } else { difference / (error + other_error).sqrt() }
}

/// The mean, and the variance of the mean.
#[expect(clippy::cast_precision_loss, reason = "there are no 2^52 samples")]
fn moments(samples: &[f64]) -> (f64, f64) {
    let n = samples.len() as f64;
    let mean = samples.iter().sum::<f64>() / n;
    let squares: f64 = samples.iter().map(|sample| (sample - mean).powi(2)).sum();
    (mean, squares / (n - 1.0) / n)
}

/// [`t`] over the samples not above each of [`PERCENTILES`] of all samples.
#[must_use]
pub fn cropped(one: &[f64], other: &[f64]) -> [f64; PERCENTILES.len()] {
    let mut all = [one, other].concat();
    all.sort_by(f64::total_cmp);
    PERCENTILES.map(|percentile| {
        let limit = all[(all.len() * percentile / 100).max(1) - 1];
        let below =
            |samples: &[f64]| samples.iter().copied().filter(|sample| *sample <= limit).collect::<Vec<_>>();
        t(&below(one), &below(other))
    })
}

#[cfg(test)]
mod tests {
    use super::{cropped, t};

    #[test]
    fn t_is_the_distance_of_the_means_in_standard_errors() {
        // Means 3 and 6, variances 2.5 and 2.5, five each: 3 standard errors of 1.
        assert!((t(&[1.0, 2.0, 3.0, 4.0, 5.0], &[4.0, 5.0, 6.0, 7.0, 8.0]) + 3.0).abs() < 1e-12);
        assert!(t(&[7.0, 7.0, 9.0], &[9.0, 7.0, 7.0]).abs() < 1e-12);
    }

    #[test]
    fn a_difference_is_seen_below_the_noise_of_interrupts() {
        // Of a hundred samples each tenth is interrupted, in both sets by chance the same way.
        let samples = |base: f64| -> Vec<f64> {
            (0..1000).map(|i| base + f64::from(i % 7) + if i % 10 == 0 { 5000.0 } else { 0.0 }).collect()
        };
        let [all, .., half] = cropped(&samples(100.0), &samples(102.0));
        assert!(all.abs() < 1.0, "{all}");
        assert!(half.abs() > 10.0, "{half}");
        assert!(cropped(&samples(100.0), &samples(100.0)).iter().all(|t| t.abs() < 1e-9));
    }
}
