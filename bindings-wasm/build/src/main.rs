//! Steps of the npm package's build that need Rust: `bindings-wasm/build.mjs` calls them.
//!
//! `glue MODULE FOLDER` makes JavaScript glue for a compiled module, with the wasm-bindgen of the lock file and without
//! a command line tool to install. `tables` prints, as JSON, the codes and texts that JavaScript shares with the core.

use std::error::Error as StdError;

use encrata_webhooks::{Cause, Error, SecretFault};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn StdError>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // The form for bundlers is the one that leaves the instantiation to us.
        ["glue", module, folder] => Ok(Bindgen::new()
            .input_path(module)
            .bundler(true)?
            .typescript(true)
            .remove_name_section(true)
            .remove_producers_section(true)
            .generate(folder)?),
        ["tables"] => {
            println!("{}", tables());
            Ok(())
        }
        _ => Err("expected `glue MODULE FOLDER` or `tables`".into()),
    }
}

fn tables() -> serde_json::Value {
    let errors = Error::ALL.map(|error| {
        serde_json::json!({"code": error.code(), "status": error.http_status(), "text": error.to_string()})
    });
    let faults =
        SecretFault::ALL.map(|fault| serde_json::json!({"code": fault.code(), "text": fault.to_string()}));
    let causes: Vec<&str> = Cause::ALL.iter().map(|cause| cause.code()).collect();
    serde_json::json!({"errors": errors, "faults": faults, "causes": causes})
}
