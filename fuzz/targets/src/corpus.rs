//! The inputs to begin with, made from the test vectors.

use serde_json::Value;

/// A signing secret as it is issued.
const SECRET: &str = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";

fn section(name: &str) -> Vec<Value> {
    let vectors: Value = serde_json::from_str(include_str!("../../../tests/vectors/vectors.json")).unwrap();
    let cases = vectors[name].as_array().unwrap().clone();
    assert!(!cases.is_empty(), "the vectors have no {name}");
    cases
}

/// A body that is no text is left out: the bit flips of a fuzzer bring plenty.
fn body(case: &Value) -> &str {
    case["body"].as_str().unwrap_or_default()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// For [`crate::signature`].
pub fn signature() -> Vec<Vec<u8>> {
    let cases = section("verify_signature").into_iter().chain(section("secrets"));
    cases
        .map(|case| {
            let secret = case["secret"].as_str().or(case["secrets"][0].as_str()).unwrap_or_default();
            format!("{secret}\n{}\n{}", text(&case["signature"]), body(&case)).into_bytes()
        })
        .collect()
}

/// For [`crate::standard`].
pub fn standard() -> Vec<Vec<u8>> {
    let delivered = section("cases").into_iter().map(|case| {
        let secrets: Vec<String> = case["secrets"].as_array().unwrap().iter().map(text).collect();
        let headers: String = case["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| format!("{}:{}\n", text(&pair[0]), text(&pair[1])))
            .collect();
        let (tolerance, now) = (text(&case["tolerance"]), text(&case["now"]));
        format!("{}\n{tolerance}\n{now}\n{headers}\n{}", secrets.join("\t"), body(&case)).into_bytes()
    });
    let published = section("standard").into_iter().map(|case| {
        let [secret, id, timestamp, signature] =
            ["secret", "id", "timestamp", "signature"].map(|name| text(&case[name]));
        let headers =
            format!("webhook-id:{id}\nwebhook-timestamp:{timestamp}\nwebhook-signature:{signature}\n");
        format!("{secret}\t{SECRET}\n300\n{timestamp}\n{headers}\n{}", body(&case)).into_bytes()
    });
    delivered.chain(published).collect()
}

/// For [`crate::envelope`].
pub fn envelope() -> Vec<Vec<u8>> {
    let bodies = section("envelope").into_iter().chain(section("cases"));
    bodies.map(|case| body(&case).as_bytes().to_vec()).filter(|body| !body.is_empty()).collect()
}

/// For `url`: an address in the spellings that parsers know, around each border of the guard.
pub fn url() -> Vec<Vec<u8>> {
    let hosts = [
        "example.com",
        "localhost",
        "a.localhost.",
        "localhost..",
        "1.1.1.1",
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.0.0.1.",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:8.8.8.8]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2001::1]",
        "[2001:db8::1]",
        "[2002:7f00:1::]",
        "[2606:4700::1111]",
        "[3fff::1]",
        "[fc00::1]",
        "[fe80::1%25lo]",
        "[ff02::1]",
        "１２７.0.0.1",
        "①②⑦.0.0.1",
        "127。0。0。1",
        "user:pw@example.com",
        "example.com@127.0.0.1",
        "example.com:0",
        "example.com:8443",
        "xn--n3h.example",
        "münchen.example",
        "example.com\\@127.0.0.1",
    ];
    let schemes = ["https://", "http://", "https:", "HTTPS://"];
    let urls = schemes.iter().flat_map(|scheme| {
        hosts
            .iter()
            .flat_map(move |host| ["", "/hook?token=1", "#part"].map(|end| format!("{scheme}{host}{end}")))
    });
    urls.map(String::into_bytes).collect()
}

/// For `api`: each route that is described, with queries and bodies of the right shape, and with the vectors' envelopes.
#[cfg(feature = "server")]
pub fn api() -> Vec<Vec<u8>> {
    use encrata_webhooks::EventKind;
    use serde_json::json;

    let id = crate::api::ID;
    let events = EventKind::SUBSCRIBABLE.map(|kind| json!({"event": kind.as_str(), "data": kind.sample()}));
    let hook = json!({"id": id, "url": "https://example.com/hook", "events": ["credits.low"], "description": "",
        "is_active": true, "rate_limit": 5, "name": "a key", "credit_limit": 7, "overlap_seconds": 60, "finish": true,
        "event": "credits.low", "key": "enc_live_00000000000000000000000000000000", "since": "2026-01-01T00:00:00Z"});
    // First what is said where no body is described.
    let mut bodies = vec![String::new(), json!({"id": id}).to_string()];
    let without = bodies.len();
    bodies.extend(events.iter().map(Value::to_string));
    bodies.extend(
        [Value::from(events.to_vec()), json!([events[0], {}]), hook, json!({}), json!([])]
            .map(|v| v.to_string()),
    );
    bodies.push(
        json!({"workspace_id": id, "event": "test", "data": {}, "created_at": "2026-01-01T00:00:00Z"})
            .to_string(),
    );
    bodies.extend(section("envelope").iter().map(|case| body(case).to_owned()));
    let routes = crate::api::ROUTES.iter();
    routes
        .flat_map(|route| {
            let asked = format!("{} {}", route.method, route.path);
            let queries = queries(&route.query).into_iter().map(move |query| format!("{asked}{query}"));
            let bodies = if route.has_body { &bodies[..] } else { &bodies[..without] };
            queries.flat_map(|asked| bodies.iter().map(move |body| format!("{asked}\n{body}").into_bytes()))
        })
        .collect()
}

/// None, all parameters, and each alone with each value that is named or of a usual kind.
#[cfg(feature = "server")]
fn queries(parameters: &[(String, Vec<String>)]) -> Vec<String> {
    let usual = [crate::api::ID, "1", "true", "2026-01-01T00:00:00Z", "credits.low", "enable"];
    let usual = usual.map(str::to_owned);
    let values = |named: &[String]| if named.is_empty() { usual.to_vec() } else { named.to_vec() };
    let alone = parameters
        .iter()
        .flat_map(|(name, named)| values(named).into_iter().map(move |value| format!("?{name}={value}")));
    let all: Vec<String> =
        parameters.iter().map(|(name, named)| format!("{name}={}", values(named)[0])).collect();
    [String::new(), format!("?{}", all.join("&"))].into_iter().chain(alone).collect()
}
