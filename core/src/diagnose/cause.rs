//! The causes, and what to say about each.

use core::fmt;

macro_rules! causes {
    ($( $(#[doc = $doc:literal])+ $name:ident $code:literal $message:literal $fix:literal )+) => {
        /// Why a signature does not match, as a closed list; [`code`](Cause::code) is stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Cause {
            $( $(#[doc = $doc])+ $name, )+
        }

        impl Cause {
            /// Every cause once.
            pub const ALL: &[Cause] = &[$(Cause::$name),+];

            /// The stable name.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Cause::$name => $code,)+ }
            }

            /// What is wrong, for people.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $(Cause::$name => $message,)+ }
            }

            /// What to do about it, for people.
            #[must_use]
            pub const fn fix(self) -> &'static str {
                match self { $(Cause::$name => $fix,)+ }
            }
        }
    };
}

causes! {
    /// Nothing is wrong.
    Match "match"
        "The signature matches: secret, body and headers belong together."
        "Nothing to fix here; if your code says otherwise, it does not use exactly these bytes, headers and secret."

    /// No signature header, or an empty one.
    SignatureMissing "signature_missing"
        "There is no signature: neither `x-encrata-signature` nor `webhook-signature` has a value."
        "Check that the request is from Encrata, and that no proxy or framework removes the headers."
    /// The digits are in upper case.
    SignatureUppercase "signature_uppercase"
        "The signature is right, but written with upper-case digits."
        "Encrata writes lower-case digits; pass the header on unchanged, and let no test signer change its case."
    /// The digest is in base64 where hexadecimal digits are expected.
    SignatureBase64 "signature_base64"
        "The signature is right, but in base64; `x-encrata-signature` holds 64 hexadecimal digits."
        "Encode the digest as lower-case hexadecimal."
    /// Something like `sha256=` stands before the digits.
    SignaturePrefix "signature_prefix"
        "The signature is right, but has a prefix such as `sha256=`, as other senders write it."
        "`x-encrata-signature` has no prefix: compare the 64 digits alone."
    /// White space or quotes stand around the signature.
    SignatureWhitespace "signature_whitespace"
        "The signature is right, but white space or quotes stand around it."
        "Pass the header's value on unchanged, without a newline or quotes."
    /// More than one `x-encrata-signature`, or several joined by a comma.
    SignatureRepeated "signature_repeated"
        "`x-encrata-signature` is there more than once, or holds several values joined by a comma."
        "Find the proxy that repeats or joins headers; exactly one value is accepted."
    /// A value of the one scheme stands in the header of the other.
    SignatureInWrongHeader "signature_in_wrong_header"
        "The signature is right, but it was given as that of the other header: `v1,<base64>` belongs to \
         `webhook-signature` (together with `webhook-id` and `webhook-timestamp`), 64 digits to `x-encrata-signature`."
        "Hand over all headers of the request, each under its own name."
    /// Neither 64 hexadecimal digits nor a `v1` entry.
    SignatureMalformed "signature_malformed"
        "The signature is neither 64 hexadecimal digits nor `v1,` and base64 of 32 bytes; it may have been cut off."
        "Pass the whole value of the header on, unchanged."

    /// The secret cannot be one; the message names the fault.
    SecretInvalid "secret_invalid"
        "The secret cannot be one."
        "Set the secret that the create or rotate call returned: `whsec_` and 64 hexadecimal digits."
    /// White space around the secret, most often the newline at the end of a file.
    SecretWhitespace "secret_whitespace"
        "White space makes the difference: the secret on one side ends (or begins) with a newline or a space, which \
         is part of the key."
        "Remove it where the secret is stored; `echo -n` or `printf` write no newline."
    /// Quotes around the secret.
    SecretQuotes "secret_quotes"
        "Quotes make the difference: the secret on one side has quotation marks around it, which are part of the key."
        "Remove them where the secret is stored; an env file that is not read by a shell keeps them."
    /// The prefix is missing in the given secret.
    SecretPrefixMissing "secret_prefix_missing"
        "The secret lacks its prefix `whsec_`, which is part of the key."
        "Set the whole secret, prefix included."
    /// The signature was made with the secret without its prefix.
    SecretPrefixStripped "secret_prefix_stripped"
        "The signature was made with the secret without its prefix `whsec_`."
        "The key of `x-encrata-signature` is the whole secret as text: strip nothing in whatever signs here."
    /// The signature was made with the Standard Webhooks key.
    SecretDecoded "secret_decoded"
        "The plain signature was made with the decoded secret, which is the key of `webhook-signature`."
        "The key of `x-encrata-signature` is the whole secret as text: decode nothing in whatever signs here."
    /// The `v1` signature was made with the text of the secret.
    SecretNotDecoded "secret_not_decoded"
        "The `v1` signature was made with the text of the secret, which is the key of `x-encrata-signature`."
        "The key of `webhook-signature` is the base64 after `whsec_`, decoded, as every Standard Webhooks library does."
    /// The signature was made with the secret's hexadecimal digits read as bytes.
    SecretHexDecoded "secret_hex_decoded"
        "The signature was made with the 32 bytes that the secret's hexadecimal digits spell."
        "Neither scheme reads them so: use the whole text, or for `webhook-signature` base64-decode what follows \
         `whsec_`."
    /// The signature was made with an empty secret.
    SecretEmpty "secret_empty"
        "The signature was made with an empty secret: anyone can make this one."
        "Refuse it. If a test of yours signs here, its variable is not set."
    /// The secret has no Standard Webhooks key.
    SecretNotStandard "secret_not_standard"
        "The secret has no Standard Webhooks key: after `whsec_` there is no base64."
        "Use a secret as Encrata issues it: `whsec_` and 64 hexadecimal digits."
    /// Most likely another webhook's secret, or one from before a rotation.
    OtherSecret "other_secret"
        "The signature was made with another secret, or the body's content changed."
        "Compare with the secret of this very webhook; after a rotation give both, the old one and the new one."

    /// The body was parsed and serialised again.
    BodyReserialised "body_reserialised"
        "The body was parsed and serialised again: Encrata's bodies are compact with sorted keys, and this one is not."
        "Verify the raw body, before any JSON parser or middleware sees it."
    /// The body is a JSON text within a JSON text.
    BodyDoubleEncoded "body_double_encoded"
        "The body is the right one, encoded as a JSON text once more."
        "Verify the raw body; something calls `JSON.stringify` or `json.dumps` on what is text already."
    /// The body is what JavaScript makes of an object.
    BodyParsed "body_parsed"
        "The body is `[object …]`: a parsed object was turned into text."
        "Verify the raw body, before any JSON parser or middleware sees it."
    /// There is no body.
    BodyEmpty "body_empty"
        "The body is empty: the stream was read before, perhaps by a parser."
        "Read the raw body first, and hand the same bytes to verification and parser."
    /// The end of the body is missing.
    BodyTruncated "body_truncated"
        "The body is cut off: its end is missing."
        "Read until the end of the stream, and look for a size limit on the way."
    /// A newline was added to the body.
    BodyNewlineAdded "body_newline_added"
        "The body has a newline at its end that was not signed."
        "Verify the bytes as they came; editors and `echo` add a newline, `printf %s` does not."
    /// A newline at the end of the body is missing.
    BodyNewlineMissing "body_newline_missing"
        "The body that was signed ends with a newline, and this one does not. Encrata's bodies have none."
        "Do not trim the body; if a test signer made it, take the newline out there."
    /// Line ends were converted.
    BodyLineEnds "body_line_ends"
        "The line ends of the body were converted between LF and CRLF."
        "Verify the bytes as they came, and keep test bodies out of the conversion of your version control."
    /// White space around the body.
    BodyWhitespace "body_whitespace"
        "The body has white space around it, or a byte order mark before it, that was not signed."
        "Verify the bytes as they came."
    /// The body's encoding was changed.
    BodyReencoded "body_reencoded"
        "The body was read as Latin-1 and written as UTF-8."
        "Do not decode the body before it is verified: verify bytes."

    /// `webhook-id` or `webhook-timestamp` is missing, or there more than once.
    StandardHeadersMissing "standard_headers_missing"
        "`webhook-signature` is there, but `webhook-id` or `webhook-timestamp`, which it covers, is missing or there \
         more than once."
        "Pass all three headers on, each exactly once."
    /// `webhook-id` or `webhook-timestamp` was changed.
    StandardHeadersChanged "standard_headers_changed"
        "`x-encrata-signature` matches, so that secret and body are right, but `webhook-signature` does not: \
         `webhook-id` or `webhook-timestamp` changed on the way, or are of another request."
        "Pass all headers of one and the same request on, unchanged. If they came like this, refuse: it may be a replay."
    /// There is no signed timestamp for the tolerance.
    TimestampMissing "timestamp_missing"
        "The signature matches, but a tolerance was set and there is no signed timestamp to hold against it."
        "Hand over `webhook-id`, `webhook-timestamp` and `webhook-signature` too, or set no tolerance."
    /// The timestamp is not a number of seconds.
    TimestampMalformed "timestamp_malformed"
        "The signature matches, but `webhook-timestamp` is not a decimal number of Unix seconds."
        "Sign with whole Unix seconds, digits only."
    /// The timestamp is in milliseconds.
    TimestampMilliseconds "timestamp_milliseconds"
        "The signature matches, but `webhook-timestamp` is in milliseconds."
        "Sign with Unix seconds: in JavaScript `Math.floor(Date.now() / 1000)`."
    /// The timestamp is older than the tolerance.
    TimestampTooOld "timestamp_too_old"
        "The signature matches, but it was made longer ago than the tolerance allows."
        "Resend the delivery to get a fresh timestamp; if all are too old, check this machine's clock."
    /// The timestamp is in the future.
    TimestampTooNew "timestamp_too_new"
        "The signature matches, but its timestamp is further in the future than the tolerance allows."
        "Check this machine's clock: it seems to be behind."

    /// Verified, but not an envelope.
    PayloadInvalid "payload_invalid"
        "The signature matches, but the body is not a JSON object with `event`, `data` and `created_at`."
        "If a test signer made this body, give it the form of Encrata's envelope."
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// As its code.
#[cfg(feature = "serde")]
impl serde::Serialize for Cause {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
