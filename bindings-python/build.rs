//! On macOS a module that is linked to no libpython needs to say so.

fn main() {
    pyo3_build_config::add_extension_module_link_args();
}
