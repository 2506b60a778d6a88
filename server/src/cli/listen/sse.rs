//! Reading server-sent events (the HTML standard, section 9.2).

use reqwest::Response;

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
}

impl Events {
    pub(super) fn of(response: Response) -> Self {
        Self { response, read: Vec::new() }
    }

    /// The next event, or the next sign of life, which has no name; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Event>, reqwest::Error> {
        loop {
            if let Some(event) = take(&mut self.read) {
                return Ok(Some(event));
            }
            match self.response.chunk().await? {
                Some(chunk) => self.read.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }
}

/// Takes the first event off what was read, if all of it has come.
fn take(read: &mut Vec<u8>) -> Option<Event> {
    let end = read.windows(2).position(|two| two == b"\n\n")?;
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
        let event = |name: &str, data: &str| Some(Event { name: name.into(), data: data.into() });
        assert_eq!(take(&mut read), event("a", "{\"x\":1}"));
        assert_eq!(take(&mut read), event("", ""));
        assert_eq!(take(&mut read), event("b", "1\n 2"));
        assert_eq!(take(&mut read), None);
        assert_eq!(read, b"event: c");
    }
}
