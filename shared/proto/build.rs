//! Compiles `proto/` in pure Rust: no protoc, and nothing generated in git.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;

#[expect(clippy::disallowed_methods, reason = "cargo tells build scripts by environment")]
fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo:rerun-if-changed={}", root.display());

    let mut files = Vec::new();
    find_protos(&root, &mut files)?;
    files.sort();

    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;
    // Encoded by protox itself: a `prost_types::FileDescriptorSet` would drop the HTTP annotations.
    let with_options = compiler.encode_file_descriptor_set();
    fs::write(out.join("kexiang.bin"), &with_options)?;

    let mut descriptors = prost_types::FileDescriptorSet::decode(with_options.as_slice())?;
    // The options of `google.api` need no code.
    descriptors
        .file
        .retain(|file| !matches!(file.name(), "google/api/annotations.proto" | "google/api/http.proto"));
    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure().compile_fds_with_config(descriptors, config)?;
    Ok(())
}

fn find_protos(folder: &PathBuf, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_protos(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
