//! Sites on the wire.

use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::{PageRequest, Violations, call, field};
use tonic::{Request, Status};

use super::{DOMAIN, convert, read, status::status};
use crate::app::App;

pub(super) async fn create_site(
    app: &App,
    request: Request<pb::CreateSiteRequest>,
) -> Result<pb::Site, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "CreateSite", &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let site = read::site(&request.site_id, request.site, app.clock().now(), &mut violations);
    let (call, site) = violations.into_result(DOMAIN, call.zip(site))?;
    let site = app.create_site(&call, site).await.map_err(status)?;
    Ok(convert::site(site))
}

pub(super) async fn get_site(app: &App, request: Request<pb::GetSiteRequest>) -> Result<pb::Site, Status> {
    let mut violations = Violations::default();
    let id = violations.check("name", field::slug_name(&request.get_ref().name));
    let id = violations.into_result(DOMAIN, id)?;
    let site = app.get_site(&id).await.map_err(status)?;
    Ok(convert::site(site.as_ref().clone()))
}

pub(super) async fn list_sites(
    app: &App,
    request: Request<pb::ListSitesRequest>,
) -> Result<pb::ListSitesResponse, Status> {
    let pb::ListSitesRequest { page_size, page_token } = request.into_inner();
    let mut violations = Violations::default();
    let page = PageRequest::read(page_size, &page_token, &pb::ListSitesRequest::default(), &mut violations);
    let page = violations.into_result(DOMAIN, page)?;
    let mut sites = app.list_sites(page.after.as_ref(), page.limit + 1).await.map_err(status)?;
    let next_page_token = page.cut(&mut sites, |site| site.id.clone());
    let sites = sites.into_iter().map(convert::site).collect();
    Ok(pb::ListSitesResponse { sites, next_page_token })
}
