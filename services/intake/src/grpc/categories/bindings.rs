//! Bindings of sites on the wire, and the check of every acceptance.

use kexiang_core::{Call, SiteId};
use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::{Violations, call, field};
use tonic::{Request, Status};

use super::{convert, status::status};
use crate::{
    app::{App, AppError},
    domain::category::{Edition, Standing},
    grpc::DOMAIN,
};

/// What the check of an acceptance needs of it, read before all else is known to be good.
pub(in crate::grpc) struct Asked {
    site: Option<SiteId>,
    code: Option<String>,
    external_reference: Option<String>,
    /// Brought over from another system.
    history: bool,
}

impl Asked {
    /// Of a contact and a case as they were sent.
    pub(in crate::grpc) fn of(contact: Option<&pb::Contact>, case: Option<&pb::Case>, history: bool) -> Self {
        let reference = case.and_then(|case| field::optional_text(&case.external_reference, 100).ok());
        Self {
            site: contact.and_then(|contact| field::slug_name(&contact.site).ok()),
            code: case.and_then(|case| field::text(&case.category, 200).ok()),
            external_reference: reference.flatten(),
            history,
        }
    }

    /// Checks the category against the tree of the site; gives the edition that it was checked against. What was accepted
    /// before is not judged anew: it is answered as it was.
    pub(in crate::grpc) async fn check(
        &self,
        app: &App,
        call: Option<&Call>,
        violations: &mut Violations,
    ) -> Result<Option<Edition>, AppError> {
        let (Some(site), Some(code)) = (&self.site, &self.code) else { return Ok(None) };
        let (reason, description) = match app.category_standing(site, code, self.history).await? {
            Standing::Unbound => return Ok(None),
            Standing::Active(edition) => return Ok(Some(edition)),
            Standing::Retired(edition) if self.history => return Ok(Some(edition)),
            Standing::Retired(_) => ("CATEGORY_RETIRED", "is retired in the category tree of the site"),
            Standing::Unknown => ("CATEGORY_UNKNOWN", "is no code of the category tree of the site"),
        };
        let reference = self.external_reference.as_deref();
        let before = match call {
            Some(call) => app.was_accepted(call, site, reference).await?,
            None => false,
        };
        if !before {
            violations.add("case.category", reason, description);
        }
        Ok(None)
    }
}

pub(super) async fn bind(
    app: &App,
    request: Request<pb::BindCategoryTreeRequest>,
) -> Result<pb::SiteCategoryTree, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "BindCategoryTree", &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let site = violations.check("site", field::slug_name(&request.site));
    let tree = violations.check("tree", field::optional(&request.tree, field::slug_name));
    let etag = violations.check("etag", field::etag(&request.etag));
    let ((call, site), (tree, etag)) = violations.into_result(DOMAIN, call.zip(site).zip(tree.zip(etag)))?;
    let bound = app.bind_category_tree(&call, &site, tree, etag).await.map_err(status)?;
    Ok(convert::binding(bound))
}

pub(super) async fn get(
    app: &App,
    request: Request<pb::GetSiteCategoryTreeRequest>,
) -> Result<pb::SiteCategoryTree, Status> {
    let mut violations = Violations::default();
    let site = violations.check("site", field::slug_name(&request.get_ref().site));
    let site = violations.into_result(DOMAIN, site)?;
    let bound = app.get_site_category_tree(&site).await.map_err(status)?;
    Ok(convert::binding(bound))
}

pub(super) async fn get_case_category(
    app: &App,
    request: Request<pb::GetCaseCategoryRequest>,
) -> Result<pb::CaseCategory, Status> {
    let mut violations = Violations::default();
    let case = violations.check("case", field::name(&request.get_ref().case));
    let case = violations.into_result(DOMAIN, case)?;
    let found = app.get_case_category(case).await.map_err(status)?;
    Ok(convert::case_category(found))
}
