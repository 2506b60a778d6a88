//! Writes the committed JSON Schema anew: `cargo run -p encrata-webhooks --features schema --example schema`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/events.schema.json");
    std::fs::write(&path, encrata_webhooks::schema::events_file())?;
    println!("wrote {}", path.display());
    Ok(())
}
