//! Reading server-sent events (the HTML standard, section 9.2).

use reqwest::Response;

use crate::cli::Failure;
use crate::cli::remote::LONGEST;
use crate::delivery::send::innermost;

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) data: String,
}

/// The events of an answer.
#[derive(Debug)]
pub(super) struct Events {
    response: Response,
    read: Vec<u8>,
    /// How much of it has no event's end.
    searched: usize,
}

impl Events {
    pub(super) fn of(response: Response) -> Self {
        Self { response, read: Vec::new(), searched: 0 }
    }

    /// The next event, or the next sign of life, which has no name; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Event>, Failure> {
        loop {
            if let Some(event) = take(&mut self.read, &mut self.searched) {
                return Ok(Some(event));
            }
            if self.read.len() > LONGEST {
                return Err("the server sends an event without an end".into());
            }
            match self.response.chunk().await.map_err(|error| innermost(&error))? {
                Some(chunk) => self.read.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }
}

/// Takes the first event off what was read, if all of it has come.
fn take(read: &mut Vec<u8>, searched: &mut usize) -> Option<Event> {
    let from = searched.saturating_sub(1);
    let Some(end) = read[from..].windows(2).position(|two| two == b"\n\n").map(|at| from + at) else {
        *searched = read.len();
        return None;
    };
    *searched = 0;
    let event: Vec<u8> = read.drain(..end + 2).collect();
    let text = String::from_utf8_lossy(&event);
    let field = |name: &str| {
        let lines = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        lines.map(|value| value.strip_prefix(' ').unwrap_or(value)).collect::<Vec<_>>().join("\n")
    };
    Some(Event { name: field("event"), data: field("data") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_taken_one_by_one() {
        let mut read = b"retry: 1\nevent: a\ndata: {\"x\":1}\n\n: alive\n\nid: 7\nevent:b\ndata: 1\ndata:  2\n\nevent: c".to_vec();
        let mut searched = 0;
        let event = |name: &str, data: &str| Some(Event { name: name.into(), data: data.into() });
        assert_eq!(take(&mut read, &mut searched), event("a", "{\"x\":1}"));
        assert_eq!(take(&mut read, &mut searched), event("", ""));
        assert_eq!(take(&mut read, &mut searched), event("b", "1\n 2"));
        assert_eq!(take(&mut read, &mut searched), None);
        assert_eq!(read, b"event: c");
        read.extend_from_slice(b"\n");
        assert_eq!(take(&mut read, &mut searched), None);
        read.extend_from_slice(b"\n\n");
        assert_eq!(take(&mut read, &mut searched), event("c", ""), "its end came in two pieces");
    }
}
