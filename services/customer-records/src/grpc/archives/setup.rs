//! Handlers of kinds and retention classes.

use kexiang_proto::customers_v1 as pb;
use kexiang_rpc::{PageRequest, Violations, call, field};
use tonic::{Request, Response};

use super::{Answer, Archives, read, refused, write};
use crate::grpc::status::{DOMAIN, read as readable};

impl Archives {
    pub(super) async fn define_kind(
        &self,
        request: Request<pb::DefineArchiveKindRequest>,
    ) -> Answer<pb::ArchiveKind> {
        let mut violations = Violations::default();
        let call = call(&request, "DefineArchiveKind", &request.get_ref().request_id, &mut violations)?;
        let kind = read::kind(request.get_ref(), &mut violations);
        let etag = violations.check("etag", field::etag(&request.get_ref().etag));
        let read = || Some((call?, kind?, etag?));
        let (call, kind, etag) = violations.into_result(DOMAIN, read())?;
        let stored = self.app.define_archive_kind(&call, kind, etag).await.map_err(refused)?;
        Ok(Response::new(write::kind(&stored)))
    }

    pub(super) async fn get_kind(
        &self,
        request: Request<pb::GetArchiveKindRequest>,
    ) -> Answer<pb::ArchiveKind> {
        let mut violations = Violations::default();
        let code = violations.check("name", read::kind_name(&request.get_ref().name));
        let code = readable(violations, code)?;
        let stored = self.app.get_archive_kind(&code).await.map_err(refused)?;
        Ok(Response::new(write::kind(&stored)))
    }

    pub(super) async fn list_kinds(
        &self,
        request: Request<pb::ListArchiveKindsRequest>,
    ) -> Answer<pb::ListArchiveKindsResponse> {
        let pb::ListArchiveKindsRequest { page_size, page_token } = request.into_inner();
        let mut violations = Violations::default();
        let bound_to = pb::ListArchiveKindsRequest::default();
        let page = PageRequest::<String>::read(page_size, &page_token, &bound_to, &mut violations);
        let page = readable(violations, page)?;
        let kinds = self.app.list_archive_kinds(page.after.as_deref(), page.limit + 1).await;
        let mut kinds = kinds.map_err(refused)?;
        let next_page_token = page.cut(&mut kinds, |stored| stored.kind.code.clone());
        let archive_kinds = kinds.iter().map(write::kind).collect();
        Ok(Response::new(pb::ListArchiveKindsResponse { archive_kinds, next_page_token }))
    }

    pub(super) async fn define_class(
        &self,
        request: Request<pb::DefineRetentionClassRequest>,
    ) -> Answer<pb::RetentionClass> {
        let mut violations = Violations::default();
        let call = call(&request, "DefineRetentionClass", &request.get_ref().request_id, &mut violations)?;
        let class = read::class(request.get_ref(), &mut violations);
        let etag = violations.check("etag", field::etag(&request.get_ref().etag));
        let read = || Some((call?, class?, etag?));
        let (call, class, etag) = violations.into_result(DOMAIN, read())?;
        let class = self.app.define_retention_class(&call, class, etag).await.map_err(refused)?;
        Ok(Response::new(write::class(&class)))
    }

    pub(super) async fn list_classes(
        &self,
        request: Request<pb::ListRetentionClassesRequest>,
    ) -> Answer<pb::ListRetentionClassesResponse> {
        let pb::ListRetentionClassesRequest { page_size, page_token } = request.into_inner();
        let mut violations = Violations::default();
        let bound_to = pb::ListRetentionClassesRequest::default();
        let page = PageRequest::<String>::read(page_size, &page_token, &bound_to, &mut violations);
        let page = readable(violations, page)?;
        let classes = self.app.list_retention_classes(page.after.as_deref(), page.limit + 1).await;
        let mut classes = classes.map_err(refused)?;
        let next_page_token = page.cut(&mut classes, |class| class.code.clone());
        let retention_classes = classes.iter().map(write::class).collect();
        Ok(Response::new(pb::ListRetentionClassesResponse { retention_classes, next_page_token }))
    }
}
