//! A reader of server-sent events.

use serde_json::Value;

use crate::PATIENCE;
use crate::api::Api;

/// A stream that is being read. Dropped, it hangs up.
#[derive(Debug)]
pub struct Listener {
    response: reqwest::Response,
    buffer: String,
}

impl Api {
    /// Opens a stream, which must be one.
    pub async fn listen(&self, path: &str) -> Listener {
        self.try_listen(path).await.unwrap_or_else(|status| panic!("{path}: {status}"))
    }

    /// Opens a stream.
    ///
    /// # Errors
    ///
    /// The status of an answer that is none.
    pub async fn try_listen(&self, path: &str) -> Result<Listener, u16> {
        let response = self.request(reqwest::Method::GET, path).send().await.unwrap();
        if response.status() != 200 {
            return Err(response.status().as_u16());
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Ok(Listener { response, buffer: String::new() })
    }
}

impl Listener {
    /// The next event, by name and data; none once the stream has ended.
    pub async fn next(&mut self) -> Option<(String, Value)> {
        tokio::time::timeout(PATIENCE, self.read())
            .await
            .unwrap_or_else(|_| panic!("no event came: {self:?}"))
    }

    async fn read(&mut self) -> Option<(String, Value)> {
        loop {
            while let Some((event, rest)) = self.buffer.split_once("\n\n") {
                let field = |name: &str| {
                    let lines = event.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                    lines.collect::<Vec<_>>().join("\n")
                };
                let (name, data) = (field("event"), field("data"));
                self.buffer = rest.to_owned();
                if !name.is_empty() {
                    return Some((name, serde_json::from_str(&data).unwrap()));
                }
            }
            let chunk = self.response.chunk().await.ok()??;
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Reads until an event is as wanted, and gives it.
    pub async fn until(&mut self, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            match self.next().await {
                Some((event, data)) if event == name && wanted(&data) => return data,
                Some(_) => {}
                None => panic!("the stream ended before a {name} that was waited for"),
            }
        }
    }

    /// Reads until the stream ends.
    pub async fn end(mut self) {
        while self.next().await.is_some() {}
    }
}
