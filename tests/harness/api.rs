//! A client of the management API.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::receiver::Receiver;
use crate::secrets::Secrets;

/// An answer of the API.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The text of a JSON field.
    pub fn field(&self, name: &str) -> String {
        let value = &self.json()[name];
        value.as_str().unwrap_or_else(|| panic!("no text {name} in {self:?}")).to_owned()
    }

    /// The sentence of an error answer.
    pub fn error(&self) -> String {
        self.field("error")
    }

    /// The value of a header, if it came.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The answer, which must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

/// A client with one key, or none.
#[derive(Debug, Clone)]
pub struct Api {
    pub(crate) client: reqwest::Client,
    pub(crate) base: String,
    pub(crate) secrets: Secrets,
    /// The key.
    pub key: Option<String>,
    /// The page's cookie, which is sent in place of a key, as the page sends it.
    pub cookie: Option<String>,
    /// The key's id.
    pub key_id: String,
    /// The key's workspace.
    pub workspace_id: String,
}

/// A webhook that was made.
#[derive(Debug, Clone)]
pub struct Hook {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// Its URL.
    pub url: String,
}

impl Api {
    pub(crate) fn new(client: reqwest::Client, base: String, secrets: Secrets) -> Self {
        let (key_id, workspace_id) = (String::new(), String::new());
        Self { client, base, secrets, key: None, cookie: None, key_id, workspace_id }
    }

    /// The same client with another key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self.clone() }
    }

    /// The same client with a cookie in place of a key.
    #[must_use]
    pub fn with_cookie(&self, cookie: &str) -> Self {
        Self { key: None, cookie: Some(cookie.to_owned()), ..self.clone() }
    }

    /// Signs in to the page with the key: the same caller, by session.
    pub async fn sign_in(&self) -> Self {
        let nobody = Self { key: None, ..self.clone() };
        let session = nobody.post("/api/session", json!({"key": self.key})).await.expect(201);
        let cookie = session.header("set-cookie").unwrap();
        nobody.with_cookie(cookie.split(';').next().unwrap())
    }

    /// One request, exactly as given.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Answer {
        self.try_send(method, path, headers, body).await.unwrap()
    }

    /// As [`Api::send`], for a server that may be gone.
    ///
    /// # Errors
    ///
    /// When no whole answer came.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.request(method.clone(), path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // A stream has no end.
        let is_endless = headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let text = if is_endless { String::new() } else { response.text().await? };
        self.secrets.answered(&method, path, status, &headers, &text);
        Ok(Answer { status, headers, text })
    }

    /// A request with what says who makes it.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie).header("x-encrata-page", "1");
        }
        request
    }

    async fn json(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.send(method, path, &[("content-type", "application/json")], Some(body.to_string().into())).await
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    /// `POST` of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.json(Method::POST, path, &body).await
    }

    /// `PUT` of JSON.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.json(Method::PUT, path, &body).await
    }

    /// `PATCH` without a body.
    pub async fn patch(&self, path: &str) -> Answer {
        self.send(Method::PATCH, path, &[], None).await
    }

    /// `DELETE` without a body.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// `DELETE` with JSON.
    pub async fn delete_with(&self, path: &str, body: Value) -> Answer {
        self.json(Method::DELETE, path, &body).await
    }

    /// Makes a webhook at a path of the receiver, which will verify with its secret.
    pub async fn webhook(&self, receiver: &Receiver, path: &str, events: &[&str]) -> Hook {
        let hook = self.webhook_at(&receiver.url(path), events).await;
        receiver.expect_secret(path, &hook.secret);
        hook
    }

    /// Makes a webhook at a URL.
    pub async fn webhook_at(&self, url: &str, events: &[&str]) -> Hook {
        let made = self.post("/api/webhooks", json!({"url": url, "events": events})).await.expect(201);
        Hook { id: made.field("id"), secret: made.field("secret"), url: made.field("url") }
    }

    /// Publishes an event for a workspace.
    pub async fn publish(&self, workspace_id: &str, event: &str, data: Value) -> Answer {
        self.post("/api/events", json!({"workspace_id": workspace_id, "event": event, "data": data})).await
    }

    /// Publishes `lookup.completed` with this lookup id, which must be accepted; gives the event's id.
    pub async fn lookup(&self, workspace_id: &str, lookup_id: &str) -> String {
        let data = json!({"email": "ada@example.com", "lookup_id": lookup_id});
        self.publish(workspace_id, "lookup.completed", data).await.expect(202).field("id")
    }

    /// A webhook's deliveries, newest first; `more` goes into the query.
    pub async fn deliveries(&self, webhook_id: &str, more: &str) -> Vec<Value> {
        let path = format!("/api/webhooks/deliveries?webhook_id={webhook_id}{more}");
        match self.get(&path).await.expect(200).json() {
            Value::Array(deliveries) => deliveries,
            other => panic!("not an array: {other}"),
        }
    }

    /// Waits until a webhook's deliveries are as wanted. The API has no event to await, so it is asked again.
    pub async fn deliveries_when(
        &self,
        webhook_id: &str,
        what: &str,
        enough: impl Fn(&[Value]) -> bool,
    ) -> Vec<Value> {
        self.deliveries_when_of(webhook_id, "", what, enough).await
    }

    /// As [`Api::deliveries_when`], of those that `more` in the query asks for.
    pub async fn deliveries_when_of(
        &self,
        webhook_id: &str,
        more: &str,
        what: &str,
        enough: impl Fn(&[Value]) -> bool,
    ) -> Vec<Value> {
        let mut last = Vec::new();
        let waited = tokio::time::timeout(crate::PATIENCE, async {
            loop {
                last = self.deliveries(webhook_id, more).await;
                if enough(&last) {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        });
        if waited.await.is_err() {
            panic!("the deliveries never were as wanted ({what}): {last:#?}");
        }
        last
    }

    /// Waits until a webhook has one delivery of this status, and gives it.
    pub async fn delivery_when(&self, webhook_id: &str, status: &str) -> Value {
        let enough = |deliveries: &[Value]| deliveries.len() == 1 && deliveries[0]["status"] == status;
        self.deliveries_when(webhook_id, status, enough).await.remove(0)
    }
}
