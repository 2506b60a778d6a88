//! Reading a file of rows, CSV or JSON.

use std::fmt::Display;
use std::path::Path;

use serde_json::Value;
use zeroize::Zeroizing;

use super::fields::Fields;
use crate::cli::Failure;

/// The rows of a file.
pub(super) fn read(path: &Path) -> Result<Vec<Fields>, Failure> {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let failed = |why: &dyn Display| format!("cannot read {}: {why}", path.display());
    let bytes = Zeroizing::new(std::fs::read(path).map_err(|error| failed(&error))?);
    // As spreadsheets write it.
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let rows = match path.extension().and_then(|end| end.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("csv") => csv(bytes, &name).map_err(|error| failed(&error))?,
        Some("json") => json(bytes, &name).map_err(|why| failed(&why))?,
        _ => return Err(failed(&"its name must end with .csv or .json").into()),
    };
    Ok(rows)
}

fn csv(bytes: &[u8], name: &str) -> Result<Vec<Fields>, csv::Error> {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    // As spreadsheets write it where the comma is for decimals.
    let delimiter = if first.contains(&b';') && !first.contains(&b',') { b';' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::Headers).from_reader(bytes);
    let head = reader.headers()?.clone();
    let mut rows = Vec::new();
    for (n, record) in (1..).zip(reader.records()) {
        let record = record?;
        let cells = head.iter().zip(&record).filter(|(_, cell)| !cell.is_empty());
        let values = cells.map(|(column, cell)| (column.to_owned(), Value::from(cell))).collect();
        rows.push(Fields::new(format!("{name}, row {n} below the head"), values));
    }
    Ok(rows)
}

fn json(bytes: &[u8], name: &str) -> Result<Vec<Fields>, String> {
    let wrong = |why: &dyn Display| format!("it is not a JSON array of objects ({why})");
    // An error of another shape would quote what is there: a key, say.
    let Value::Array(rows) = serde_json::from_slice(bytes).map_err(|error| wrong(&error))? else {
        return Err(wrong(&"it is something else"));
    };
    let rows = (1..).zip(rows).map(|(n, row)| {
        let Value::Object(mut row) = row else { return Err(wrong(&format!("number {n} is something else"))) };
        row.retain(|_, value| !value.is_null());
        Ok(Fields::new(format!("{name}, object {n}"), row))
    });
    rows.collect()
}
