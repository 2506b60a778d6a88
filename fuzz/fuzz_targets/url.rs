#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| encrata_webhooks_fuzz_targets::url::check(input));
