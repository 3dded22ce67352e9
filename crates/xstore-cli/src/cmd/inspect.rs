//! `xstore inspect`: what a share or a manifest says of itself. No salts, no tags, no secrets.

use crate::args::Inspect;
use crate::failure::Failure;
use crate::files::read_manifest;
use crate::output::Output;
use crate::units::{human_bytes, printable};
use serde::Serialize;
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use xorida_core::{Scheme, Threshold};
use xstore_keys::file;
use xstore_manifest::Unverified;
use xstore_share::{HEADER_LEN, Header, Layout, PartShape, ShareFault};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShareReport {
    kind: &'static str,
    format: u16,
    suite: u16,
    k: u8,
    p: u8,
    index: u8,
    segment: u32,
    trailer: u32,
    key_id: String,
    length: u64,
    data_segments: u64,
    padded_bytes: u64,
    /// A header alone proves nothing; a join verifies.
    verified: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ManifestReport {
    kind: &'static str,
    name: String,
    object: String,
    generation: u64,
    revision: u64,
    state: &'static str,
    origin: &'static str,
    threshold: String,
    p: u8,
    segment: u32,
    part: u32,
    parts: usize,
    stored_length: u64,
    created: String,
    ttl: Option<u64>,
    key_id: String,
    backends: Vec<BackendReport>,
    /// `yes`, or why not.
    authentic: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BackendReport {
    backend_id: String,
    indexes: Vec<u8>,
    shares: usize,
}

pub(super) fn run(args: &Inspect, out: Output) -> Result<(), Failure> {
    let path = &*args.path;
    let fail = |error| Failure::io("SOURCE_FAILED", "read", path, error);
    let metadata = std::fs::metadata(path).map_err(fail)?;
    if !metadata.is_file() {
        return Err(Failure::usage(format!("{} is not a file", path.display()))
            .help("name one share (FOLDER/xstore-.../m/...) or a manifest"));
    }
    let mut file = File::open(path).map_err(fail)?;
    let mut head = Vec::new();
    file.by_ref().take(HEADER_LEN as u64).read_to_end(&mut head).map_err(fail)?;
    if head.starts_with(b"xStoreSh") {
        let report = share(path, &head, metadata.len())?;
        return out.result(&report, || share_text(&report));
    }
    if head.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(Failure::new(
            "SHARE_INTEGRITY_FAILED",
            format!("{} is neither a share nor a manifest", path.display()),
        )
        .help("a share begins with \"xStoreSh\", a manifest with \"{\""));
    }
    let report = manifest(path, args)?;
    out.result(&report, || manifest_text(&report))
}

fn share(path: &Path, head: &[u8], length: u64) -> Result<ShareReport, Failure> {
    let refused = |fault: ShareFault| {
        Failure::new(fault.code(), format!("{} is not a whole share", path.display())).caused_by(fault)
    };
    let shapeless = || {
        Failure::new(
            "SHARE_INTEGRITY_FAILED",
            format!(
                "{}: no share has these fields and this length; it was cut off or changed",
                path.display()
            ),
        )
        .help("use another copy of it")
    };
    let header: &[u8; HEADER_LEN] = head.try_into().map_err(|_| shapeless())?;
    let header = Header::parse(header).map_err(refused)?;
    let shape = shape(&header, length).ok_or_else(shapeless)?;
    if !header.reserved_is_zero() {
        return Err(refused(ShareFault::HeaderField("reserved")));
    }
    Ok(ShareReport {
        kind: "share",
        format: xstore_share::FORMAT,
        suite: xstore_share::SUITE,
        k: header.k,
        p: header.p,
        index: header.index,
        segment: header.segment,
        trailer: header.trailer,
        key_id: header.key_id.to_string(),
        length,
        data_segments: shape.data_segments(),
        padded_bytes: shape.padded(),
        verified: false,
    })
}

/// n doesn't stand in a share; the largest that p allows takes its place.
fn shape(header: &Header, length: u64) -> Option<PartShape> {
    let threshold = Threshold::new(header.k, header.p.min(64)).ok()?;
    let scheme = Scheme::with_prime(threshold, header.p).ok()?;
    if header.index >= scheme.n() {
        return None;
    }
    Layout::new(scheme, header.segment, header.trailer).ok()?.part_of_share(length).ok()
}

fn share_text(report: &ShareReport) -> String {
    format!(
        "share {} of a part (format {}, suite {}: XorIDA, threshold {}, p {})\n\
         length     {} ({} bytes): {} data segments of {} bytes, {} padded payload bytes, trailer of {}\n\
         key        {}\n\
         verified   no: only a join with the manifest and the key verifies a share",
        report.index,
        report.format,
        report.suite,
        report.k,
        report.p,
        human_bytes(report.length),
        report.length,
        report.data_segments,
        report.segment,
        report.padded_bytes,
        report.trailer,
        report.key_id
    )
}

fn manifest(path: &Path, args: &Inspect) -> Result<ManifestReport, Failure> {
    let refused = |error: xstore_manifest::Error| {
        Failure::new(error.code(), format!("{} is refused", path.display()))
            .caused_by(error)
            .help("use an intact copy of the manifest that split wrote")
    };
    let unverified = Unverified::parse(&read_manifest(path)?).map_err(refused)?;
    let body = unverified.body();
    let mut backends: Vec<BackendReport> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for share in body.parts.iter().flat_map(|part| part.shares.iter().flatten()) {
        let id = share.backend.as_str();
        let at = *places.entry(id).or_insert_with(|| {
            backends.push(BackendReport { backend_id: id.to_owned(), indexes: Vec::new(), shares: 0 });
            backends.len() - 1
        });
        backends[at].shares += 1;
        if !backends[at].indexes.contains(&share.index) {
            backends[at].indexes.push(share.index);
        }
    }
    let mut report = ManifestReport {
        kind: "manifest",
        name: body.key.as_str().to_owned(),
        object: body.object.to_string(),
        generation: body.generation,
        revision: body.revision,
        state: body.state.as_str(),
        origin: body.origin.as_str(),
        threshold: format!("{}-of-{}", body.threshold.k, body.threshold.n),
        p: body.p,
        segment: body.segment,
        part: body.part,
        parts: body.parts.len(),
        stored_length: unverified.length(),
        created: body.created.to_string(),
        ttl: body.ttl,
        key_id: unverified.key_id().to_string(),
        backends,
        authentic: String::new(),
    };
    report.authentic = match file::load(&args.keys.key_file) {
        Err(error) => format!("not checked: {error}"),
        Ok(ring) => match unverified.verify(&ring) {
            Ok(_) => "yes".to_owned(),
            // An unknown key says nothing about the manifest; everything else does.
            Err(error) if error.code() == "KEY_UNAVAILABLE" => format!("not checked: {error}"),
            Err(error) => return Err(refused(error)),
        },
    };
    Ok(report)
}

fn manifest_text(report: &ManifestReport) -> String {
    let mut lines = vec![
        format!(
            "manifest of {} (generation {}, revision {})",
            printable(&report.name),
            report.generation,
            report.revision
        ),
        format!("object     {}", report.object),
        format!(
            "layout     {}, p {}, segments of {} bytes, {} parts of at most {}",
            report.threshold,
            report.p,
            report.segment,
            report.parts,
            human_bytes(u64::from(report.part))
        ),
        format!("length     {} bytes, rounded as the shares show it", report.stored_length),
        format!("created    {}", report.created),
        match report.ttl {
            Some(ttl) => format!("ttl        {ttl} s"),
            None => "ttl        none".to_owned(),
        },
        format!("state      {}, origin {}", report.state, report.origin),
        format!("key        {}", report.key_id),
        format!("authentic  {}", report.authentic),
    ];
    for backend in &report.backends {
        let indexes: Vec<String> = backend.indexes.iter().map(u8::to_string).collect();
        lines.push(format!(
            "backend    {}: share {}, {} values",
            backend.backend_id,
            indexes.join(", "),
            backend.shares
        ));
    }
    lines.join("\n")
}
