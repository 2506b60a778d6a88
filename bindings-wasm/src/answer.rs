//! Results as numbers.

use encrata_webhooks::{Error, SecretFault, Verified};

/// What was verified by `x-encrata-signature`, which covers no timestamp.
pub(crate) const PLAIN: f64 = -1.0;

/// A verified timestamp is itself, [`PLAIN`] stands for none; an error is below that, `-2` for the first of
/// [`Error::ALL`].
pub(crate) fn verified(result: Result<Verified, Error>) -> f64 {
    match result.map(|verified| verified.timestamp) {
        #[allow(clippy::cast_precision_loss, reason = "a JavaScript number is all there can be")]
        Ok(Some(timestamp)) => timestamp as f64,
        Ok(None) => PLAIN,
        Err(error) => -2.0 - f64::from(index(error)),
    }
}

/// 0, or an error: 1 for the first of [`Error::ALL`].
pub(crate) fn begun(result: Result<(), Error>) -> u32 {
    result.map_or_else(|error| 1 + u32::from(index(error)), |()| 0)
}

/// A length, or an error: -1 for the first of [`Error::ALL`].
pub(crate) fn host_begun(result: Result<usize, Error>) -> i32 {
    result
        .map_or_else(|error| -1 - i32::from(index(error)), |length| i32::try_from(length).unwrap_or(i32::MAX))
}

/// -1 for the first of [`SecretFault::ALL`].
pub(crate) const fn fault(fault: SecretFault) -> i32 {
    -1 - fault as i32
}

fn index(error: Error) -> u8 {
    match error {
        Error::InvalidSecret(_) => 0,
        other => Error::ALL.iter().zip(0..).find(|(one, _)| **one == other).map_or(0, |(_, index)| index),
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn every_error_has_its_number() {
        for (index, error) in Error::ALL.into_iter().enumerate() {
            assert_eq!(usize::try_from(begun(Err(error))).unwrap(), index + 1);
            assert_eq!(host_begun(Err(error)), -1 - i32::try_from(index).unwrap());
            assert_eq!(verified(Err(error)), -2.0 - f64::from(u8::try_from(index).unwrap()));
        }
        assert_eq!(begun(Err(Error::InvalidSecret(SecretFault::NotBase64))), 1);
        let faults: Vec<i32> = SecretFault::ALL.into_iter().map(fault).collect();
        assert_eq!(faults, [-1, -2, -3, -4, -5, -6, -7]);
    }

    #[test]
    fn what_was_verified_has_its_timestamp() {
        assert_eq!(begun(Ok(())), 0);
        assert_eq!(host_begun(Ok(7)), 7);
        assert_eq!(verified(Ok(Verified { id: None, timestamp: None })), PLAIN);
        assert_eq!(verified(Ok(Verified { id: Some("evt_1".into()), timestamp: Some(0) })), 0.0);
    }
}
