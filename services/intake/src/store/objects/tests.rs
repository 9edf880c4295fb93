//! Both kinds of store behave alike. The bucket is a stand-in that keeps what it is sent in memory and speaks as much of S3 as is
//! used here; it checks no signatures.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use axum::{
    Router,
    body::Bytes as Body,
    extract::{DefaultBodyLimit, Query, State},
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};

use super::*;

type Kept = Arc<Mutex<BTreeMap<String, Bytes>>>;

/// Answers one request to the bucket `center`.
async fn s3(
    State(kept): State<Kept>,
    method: Method,
    uri: Uri,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    let key = uri.path().strip_prefix("/center").unwrap().trim_start_matches('/').to_owned();
    let etag = [("etag", "\"e\"")];
    match (method.as_str(), query.contains_key("uploads"), query.get("partNumber")) {
        ("POST", true, _) => format!(
            "<InitiateMultipartUploadResult><Bucket>center</Bucket><Key>{key}</Key><UploadId>u</UploadId>\
             </InitiateMultipartUploadResult>"
        )
        .into_response(),
        ("PUT", _, Some(part)) => {
            kept.insert(format!("{key}#{part:0>5}"), body);
            etag.into_response()
        }
        ("POST", ..) if query.contains_key("delete") => {
            let text = String::from_utf8(body.to_vec()).unwrap();
            let keys = text.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
            // What is not there is told as deleted too.
            let gone = keys.map(|(key, _)| {
                kept.remove(key);
                format!("<Deleted><Key>{key}</Key></Deleted>")
            });
            format!("<DeleteResult>{}</DeleteResult>", gone.collect::<String>()).into_response()
        }
        ("POST", ..) => {
            let parts: Vec<_> =
                kept.keys().filter(|part| part.starts_with(&format!("{key}#"))).cloned().collect();
            let whole: Vec<u8> = parts.iter().flat_map(|part| kept.remove(part).unwrap()).collect();
            kept.insert(key, whole.into());
            "<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>"
                .into_response()
        }
        ("PUT", ..) => {
            let source = headers.get("x-amz-copy-source").map(|source| source.to_str().unwrap());
            let bytes = match source {
                Some(source) => kept[source.trim_start_matches('/').strip_prefix("center/").unwrap()].clone(),
                None => body,
            };
            kept.insert(key, bytes);
            let copied = "<CopyObjectResult><ETag>\"e\"</ETag></CopyObjectResult>";
            (etag, if source.is_some() { copied } else { "" }).into_response()
        }
        ("DELETE", ..) => {
            kept.remove(&key);
            StatusCode::NO_CONTENT.into_response()
        }
        ("GET", ..) if query.contains_key("list-type") => {
            let prefix = &query["prefix"];
            let found = kept.iter().filter(|(key, _)| key.starts_with(prefix)).map(|(key, bytes)| {
                let size = bytes.len();
                format!(
                    "<Contents><Key>{key}</Key><LastModified>2026-11-22T08:00:00.000Z</LastModified>\
                     <ETag>\"e\"</ETag><Size>{size}</Size></Contents>"
                )
            });
            format!("<ListBucketResult>{}</ListBucketResult>", found.collect::<String>()).into_response()
        }
        _ => found(&kept, &key, &headers),
    }
}

fn found(kept: &BTreeMap<String, Bytes>, key: &str, headers: &HeaderMap) -> Response {
    let Some(bytes) = kept.get(key) else { return StatusCode::NOT_FOUND.into_response() };
    let modified = ("last-modified", "Sun, 22 Nov 2026 08:00:00 GMT".to_owned());
    let etag = ("etag", "\"e\"".to_owned());
    let range = headers.get("range").map(|range| range.to_str().unwrap());
    let Some(range) = range else { return ([etag, modified], bytes.clone()).into_response() };
    let from: usize = range.strip_prefix("bytes=").unwrap().split('-').next().unwrap().parse().unwrap();
    let length = bytes.len();
    let content_range = ("content-range", format!("bytes {from}-{}/{length}", length - 1));
    (StatusCode::PARTIAL_CONTENT, [etag, modified, content_range], bytes.slice(from..)).into_response()
}

/// A bucket with a prefix, and what is in it.
async fn bucket() -> (Objects, Kept) {
    let kept = Kept::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(s3).with_state(Arc::clone(&kept)).layer(DefaultBodyLimit::disable());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let settings = AmazonS3Builder::new()
        .with_region("eu-central-1")
        .with_access_key_id("AKIDEXAMPLE")
        .with_secret_access_key("no secret")
        .with_endpoint(endpoint)
        .with_allow_http(true);
    let url = Url::parse("s3://center/evidence").unwrap();
    (Objects::bucket(settings, &url).unwrap(), kept)
}

async fn all(objects: &Objects, key: &str, offset: u64) -> Vec<u8> {
    let chunks: Vec<_> = objects.read(key, offset, 1 << 20).await.unwrap().try_collect().await.unwrap();
    assert!(chunks.iter().all(|chunk: &Bytes| chunk.len() <= 1 << 20));
    chunks.concat()
}

/// The life of an object: written in parts, put in its place twice, read, removed twice, with its folder swept.
async fn lives(objects: &Objects) {
    let bytes: Vec<u8> = (0..6_000_000_u32).map(|at| u8::try_from(at % 251).unwrap()).collect();
    for _ in 0..2 {
        let mut writing = objects.write("staging/a/whole").await.unwrap();
        for chunk in bytes.chunks(700_000) {
            writing.push(chunk).await.unwrap();
        }
        writing.finish().await.unwrap();
        objects.rename("staging/a/whole", "sha256/ab/one").await.unwrap();
    }
    objects.put("staging/a/chunk", Bytes::from_static(b"chunk")).await.unwrap();

    assert_eq!(objects.get("staging/a/chunk").await.unwrap(), "chunk");
    assert!(all(objects, "sha256/ab/one", 0).await == bytes);
    assert!(all(objects, "sha256/ab/one", 5_999_999).await == bytes[5_999_999..]);
    for _ in 0..2 {
        objects.sweep("staging/a").await.unwrap();
    }
    let swept = objects.get("staging/a/chunk").await.unwrap_err();
    assert!(matches!(swept, object_store::Error::NotFound { .. }), "{swept:?}");
    assert!(all(objects, "sha256/ab/one", 0).await == bytes, "what is not in the folder stays");
    for _ in 0..2 {
        objects.delete("sha256/ab/one").await.unwrap();
    }
    assert!(objects.read("sha256/ab/one", 0, 1).await.is_err());
}

#[tokio::test]
async fn an_object_lives_in_a_folder() {
    let root =
        std::env::temp_dir().join(format!("kexiang-objects-{}", EvidenceId::at(Timestamp::UNIX_EPOCH)));
    let objects = Objects::at(&format!("file://{}", root.display())).unwrap();

    lives(&objects).await;

    assert_eq!(objects.signed_url("sha256/ab/one", PATIENCE).await.unwrap(), None);
    std::fs::remove_dir_all(root).unwrap();
}

#[tokio::test]
async fn an_object_lives_in_a_bucket_under_its_prefix() {
    let (objects, kept) = bucket().await;

    lives(&objects).await;
    objects.put("sha256/ab/two", Bytes::from_static(b"two")).await.unwrap();

    let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(kept.keys().collect::<Vec<_>>(), ["evidence/sha256/ab/two"]);
}

#[tokio::test]
async fn a_link_of_a_bucket_is_signed_by_the_bucket_s_own_rules() {
    let (objects, _) = bucket().await;

    let url = objects.signed_url("sha256/ab/one", Duration::from_secs(600)).await.unwrap().unwrap();

    assert!(url.contains("/center/evidence/sha256/ab/one?"), "{url}");
    for part in ["X-Amz-Expires=600", "X-Amz-Credential=AKIDEXAMPLE", "X-Amz-Signature="] {
        assert!(url.contains(part), "{url}");
    }
}

#[test]
fn an_address_is_a_folder_or_a_bucket() {
    for wrong in ["", "/var/lib", "http://bucket", "file://host/x", "ftp://a/b"] {
        assert!(Objects::at(wrong).is_err(), "{wrong}");
    }
    assert!(Objects::at("file:///var/lib/kexiang/evidence").is_ok());
}
