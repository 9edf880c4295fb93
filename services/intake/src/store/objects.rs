//! The object store: a folder or a bucket of S3. Bytes under keys, nothing else; who may remove what is decided in `app/evidence`.
//!
//! A write is answered after it is durable: the folder's files and their folders are synced, S3 promises it. Nothing is connected
//! before it is used, so a store that is away keeps nobody from starting.

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_stream::try_stream;
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, TryStreamExt};
use kexiang_core::{EvidenceId, EvidenceObjectId, Timestamp};
use object_store::{
    Attribute, Attributes, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMultipartOptions,
    PutOptions, RetryConfig, WriteMultipart,
    aws::{AmazonS3, AmazonS3Builder},
    local::LocalFileSystem,
    path::Path,
    signer::Signer,
};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use url::Url;

use super::evidence::content::ContentObject;

/// Parts of a large write: S3 wants 5 MiB at least.
const PART: usize = 5 * 1024 * 1024;
/// Parts of one write under way at once, besides the one that is filled.
const PARTS_AT_ONCE: usize = 2;
/// Large writes at once; others wait, within their deadline. With the parts this bounds the memory of uploads to 240 MiB.
const WRITES_AT_ONCE: usize = 16;
/// A store that does not answer for so long is away.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the bytes are. Clones share the connections.
#[derive(Debug, Clone)]
pub struct Objects {
    place: Arc<Place>,
    writes: Arc<Semaphore>,
}

#[derive(Debug)]
enum Place {
    Folder { root: PathBuf, opened: OnceCell<LocalFileSystem> },
    Bucket { store: AmazonS3, prefix: Path },
}

/// An address that is none of an object store.
#[derive(Debug, thiserror::Error)]
pub enum InvalidAddress {
    /// No URL at all, or no folder of this machine.
    #[error("must be file:///FOLDER or s3://BUCKET/PREFIX")]
    Form,
    /// The settings of S3 do not fit together.
    #[error(transparent)]
    Settings(#[from] object_store::Error),
}

/// A large object that is being written; nothing is there before [`Self::finish`].
pub struct Writing {
    parts: WriteMultipart,
    _turn: OwnedSemaphorePermit,
}

impl Objects {
    /// The store at `file:///FOLDER` or `s3://BUCKET/PREFIX`; S3 takes its key and region from the usual `AWS_…` variables.
    ///
    /// # Errors
    /// [`InvalidAddress`].
    pub fn at(address: &str) -> Result<Self, InvalidAddress> {
        let url = Url::parse(address).map_err(|_| InvalidAddress::Form)?;
        let place = match url.scheme() {
            "file" => {
                let root = url.to_file_path().map_err(|()| InvalidAddress::Form)?;
                Place::Folder { root, opened: OnceCell::new() }
            }
            "s3" => return Self::bucket(AmazonS3Builder::from_env(), &url),
            _ => return Err(InvalidAddress::Form),
        };
        Ok(Self::of(place))
    }

    fn of(place: Place) -> Self {
        Self { place: Arc::new(place), writes: Arc::new(Semaphore::new(WRITES_AT_ONCE)) }
    }

    fn bucket(settings: AmazonS3Builder, url: &Url) -> Result<Self, InvalidAddress> {
        let prefix = Path::parse(url.path().trim_matches('/')).map_err(|_| InvalidAddress::Form)?;
        let retry = RetryConfig { max_retries: 3, retry_timeout: PATIENCE, ..RetryConfig::default() };
        // Another provider may be installed already; the first one stays.
        drop(rustls::crypto::ring::default_provider().install_default());
        let store = settings.with_url(url.as_str()).with_retry(retry).build()?;
        Ok(Self::of(Place::Bucket { store, prefix }))
    }

    /// The store, and where in it this key is.
    async fn locate(&self, key: &str) -> object_store::Result<(&dyn ObjectStore, Path)> {
        match &*self.place {
            Place::Folder { root, opened } => {
                let store = opened.get_or_try_init(|| open_folder(root.clone())).await?;
                Ok((store, Path::from(key)))
            }
            Place::Bucket { store, prefix } => {
                Ok((store, prefix.parts().chain(Path::from(key).parts()).collect()))
            }
        }
    }

    /// Writes a small object.
    ///
    /// # Errors
    /// Those of the store.
    #[tracing::instrument(name = "objects.put", skip_all)]
    pub async fn put(&self, key: &str, data: Bytes) -> object_store::Result<()> {
        let (store, path) = self.locate(key).await?;
        store.put_opts(&path, data.into(), PutOptions::default()).await?;
        Ok(())
    }

    /// The whole of a small object.
    ///
    /// # Errors
    /// Those of the store.
    #[tracing::instrument(name = "objects.get", skip_all)]
    pub async fn get(&self, key: &str) -> object_store::Result<Bytes> {
        let (store, path) = self.locate(key).await?;
        store.get(&path).await?.bytes().await
    }

    /// Begins to write a large object.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn write(&self, key: &str) -> object_store::Result<Writing> {
        let (store, path) = self.locate(key).await?;
        let mut attributes = Attributes::new();
        if matches!(&*self.place, Place::Bucket { .. }) {
            // What a browser does with a presigned link: save, never show.
            attributes.insert(Attribute::ContentDisposition, "attachment".into());
            attributes.insert(Attribute::ContentType, "application/octet-stream".into());
        }
        let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
        let turn = Arc::clone(&self.writes).acquire_owned().await;
        let turn =
            turn.map_err(|closed| object_store::Error::Generic { store: "turn", source: Box::new(closed) })?;
        let upload = store.put_multipart_opts(&path, options).await?;
        Ok(Writing { parts: WriteMultipart::new_with_chunk_size(upload, PART), _turn: turn })
    }

    /// Gives an object its place, over whatever is there. A second time it finds nothing to move.
    ///
    /// # Errors
    /// Those of the store.
    #[tracing::instrument(name = "objects.rename", skip_all)]
    pub async fn rename(&self, from: &str, to: &str) -> object_store::Result<()> {
        let (store, from) = self.locate(from).await?;
        let (_, to) = self.locate(to).await?;
        store.rename(&from, &to).await
    }

    /// The bytes from `offset` on, in chunks of about `chunk` bytes.
    ///
    /// # Errors
    /// Those of the store, before the first byte; later ones come in the stream.
    #[tracing::instrument(name = "objects.read", skip_all)]
    pub async fn read(
        &self,
        key: &str,
        offset: u64,
        chunk: usize,
    ) -> object_store::Result<impl Stream<Item = object_store::Result<Bytes>> + Send + 'static + use<>> {
        let (store, path) = self.locate(key).await?;
        let range = (offset > 0).then_some(GetRange::Offset(offset));
        let mut pieces = store.get_opts(&path, GetOptions::new().with_range(range)).await?.into_stream();
        Ok(try_stream! {
            let mut kept = BytesMut::new();
            while let Some(piece) = pieces.next().await {
                kept.extend_from_slice(&piece?);
                while kept.len() >= chunk {
                    yield kept.split_to(chunk).freeze();
                }
            }
            if !kept.is_empty() {
                yield kept.freeze();
            }
        })
    }

    /// Removes an object; one that is not there counts as removed.
    ///
    /// # Errors
    /// Those of the store.
    #[tracing::instrument(name = "objects.delete", skip_all)]
    pub async fn delete(&self, key: &str) -> object_store::Result<()> {
        let (store, path) = self.locate(key).await?;
        match store.delete(&path).await {
            Err(object_store::Error::NotFound { .. }) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes all that lies under a folder, also what a killed process left half written.
    ///
    /// # Errors
    /// Those of the store.
    #[tracing::instrument(name = "objects.sweep", skip_all)]
    pub async fn sweep(&self, folder: &str) -> object_store::Result<()> {
        if let Place::Folder { root, .. } = &*self.place {
            // Half written files are hidden from lists.
            return match tokio::fs::remove_dir_all(root.join(folder)).await {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(of_io(error)),
                Ok(()) | Err(_) => Ok(()),
            };
        }
        let (store, path) = self.locate(folder).await?;
        let found = store.list(Some(&path)).map_ok(|object| object.location).boxed();
        store.delete_stream(found).try_for_each(async |_| Ok(())).await
    }

    /// A link of the store's own, where it makes some.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn signed_url(&self, key: &str, ttl: Duration) -> object_store::Result<Option<String>> {
        let Place::Bucket { store, .. } = &*self.place else { return Ok(None) };
        let (_, path) = self.locate(key).await?;
        store.signed_url(http::Method::GET, &path, ttl).await.map(|url| Some(url.to_string()))
    }
}

impl Writing {
    /// Takes the next bytes; waits while too many are under way.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn push(&mut self, data: &[u8]) -> object_store::Result<()> {
        self.parts.wait_for_capacity(PARTS_AT_ONCE).await?;
        self.parts.write(data);
        Ok(())
    }

    /// Puts the object there, whole.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn finish(self) -> object_store::Result<()> {
        self.parts.finish().await.map(drop)
    }

    /// Leaves nothing behind.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn abort(self) -> object_store::Result<()> {
        self.parts.abort().await
    }
}

/// Where the content of an object is: `sha256/ab/cd/<sha256>/<object id>`. Never used twice.
#[must_use]
pub fn content_key(object: &ContentObject) -> String {
    let hash = object.sha256.to_string();
    let (first, second) = (hash.get(..2).unwrap_or_default(), hash.get(2..4).unwrap_or_default());
    format!("sha256/{first}/{second}/{hash}/{}", object.id)
}

/// Where an upload puts what came so far.
#[must_use]
pub fn staging_folder(upload: EvidenceId) -> String {
    format!("staging/{upload}")
}

/// A new place in that folder: an attempt that was left behind never meets the next one.
#[must_use]
pub fn staging_key(upload: EvidenceId, now: Timestamp) -> String {
    format!("{}/{}", staging_folder(upload), EvidenceObjectId::at(now))
}

async fn open_folder(root: PathBuf) -> object_store::Result<LocalFileSystem> {
    tokio::fs::create_dir_all(&root).await.map_err(of_io)?;
    Ok(LocalFileSystem::new_with_prefix(root)?.with_fsync(true).with_automatic_cleanup(true))
}

fn of_io(error: std::io::Error) -> object_store::Error {
    object_store::Error::Generic { store: "folder", source: Box::new(error) }
}

#[cfg(test)]
mod tests;
