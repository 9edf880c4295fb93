//! ArchiveService: handlers of entries; those of the setup are in [`setup`], lists in [`lists`]. [`read`] takes from the wire,
//! [`write`] and [`status`] put to it.

mod lists;
mod read;
mod setup;
mod status;
mod write;

use kexiang_proto::customers_v1::{self as pb, archive_service_server::ArchiveService};
use kexiang_rpc::{Caller, Violations, call, field};
use tonic::{Request, Response, Status};

use self::status::status as refused;
pub(super) use self::{
    status::reasoned,
    write::{facts, setup_facts},
};
use super::{
    agreements::read::{LONGEST_REFERENCE, LONGEST_TEXT, past, sha256},
    status::{DOMAIN, read as readable},
};
use crate::{
    app::{
        App,
        archives::entries::{Asked, FieldsOf},
    },
    domain::archive::{Command, Entry},
};

type Answer<T> = Result<Response<T>, Status>;

/// ArchiveService over the use cases.
#[derive(Clone)]
pub struct Archives {
    app: App,
}

/// What every verb names.
struct Target<'a> {
    name: &'a str,
    etag: &'a str,
    request_id: &'a str,
}

impl Archives {
    /// Serves these use cases.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }

    async fn change<M: prost::Message>(
        &self,
        request: &Request<M>,
        method: &'static str,
        target: Target<'_>,
        command: impl FnOnce(&mut Violations) -> Option<Command>,
    ) -> Answer<pb::ArchiveEntry> {
        let mut violations = Violations::default();
        let call = call(request, method, target.request_id, &mut violations)?;
        let id = violations.check("name", field::name(target.name));
        let etag = violations.check("etag", field::etag(target.etag));
        let command = command(&mut violations);
        let read = || Some((call?, id?, etag?, command?));
        let (call, id, etag, command) = violations.into_result(DOMAIN, read())?;
        let entry = self.app.change_archive_entry(&call, id, etag, &command).await.map_err(refused)?;
        Ok(self.answer(&entry))
    }

    /// Adds what the kind refuses of the fields to what else is wrong with the request.
    async fn check_fields(
        &self,
        caller: &Caller,
        of: Option<FieldsOf<'_>>,
        content: Option<&pb::ArchiveContent>,
        violations: &mut Violations,
    ) -> Result<(), Status> {
        let (Some(of), Some(content)) = (of, content) else { return Ok(()) };
        let fields = read::fields(content);
        let wrong = self.app.check_archive_fields(caller.roles, of, &fields).await.map_err(refused)?;
        for invalid in wrong {
            violations.add(&invalid.path, invalid.reason, invalid.what);
        }
        Ok(())
    }

    fn answer(&self, entry: &Entry) -> Response<pb::ArchiveEntry> {
        Response::new(write::entry(entry, self.app.clock().now()))
    }
}

#[tonic::async_trait]
impl ArchiveService for Archives {
    async fn define_archive_kind(
        &self,
        request: Request<pb::DefineArchiveKindRequest>,
    ) -> Answer<pb::ArchiveKind> {
        self.define_kind(request).await
    }

    async fn get_archive_kind(&self, request: Request<pb::GetArchiveKindRequest>) -> Answer<pb::ArchiveKind> {
        self.get_kind(request).await
    }

    async fn list_archive_kinds(
        &self,
        request: Request<pb::ListArchiveKindsRequest>,
    ) -> Answer<pb::ListArchiveKindsResponse> {
        self.list_kinds(request).await
    }

    async fn define_retention_class(
        &self,
        request: Request<pb::DefineRetentionClassRequest>,
    ) -> Answer<pb::RetentionClass> {
        self.define_class(request).await
    }

    async fn list_retention_classes(
        &self,
        request: Request<pb::ListRetentionClassesRequest>,
    ) -> Answer<pb::ListRetentionClassesResponse> {
        self.list_classes(request).await
    }

    async fn create_archive_entry(
        &self,
        request: Request<pb::CreateArchiveEntryRequest>,
    ) -> Answer<pb::ArchiveEntry> {
        let mut violations = Violations::default();
        let caller = Caller::of(&request)?;
        let call = call(&request, "CreateArchiveEntry", &request.get_ref().request_id, &mut violations)?;
        let pb::CreateArchiveEntryRequest { kind, content, .. } = request.get_ref();
        let kind = violations.check("kind", read::kind_name(kind));
        let read = read::content(content.as_ref(), &mut violations);
        let of = kind.as_deref().map(FieldsOf::Kind);
        self.check_fields(&caller, of, content.as_ref(), &mut violations).await?;
        let read = || Some((call?, kind?, read?));
        let (call, kind, content) = violations.into_result(DOMAIN, read())?;
        let entry = self.app.create_archive_entry(&call, &kind, content).await.map_err(refused)?;
        Ok(self.answer(&entry))
    }

    async fn get_archive_entry(
        &self,
        request: Request<pb::GetArchiveEntryRequest>,
    ) -> Answer<pb::ArchiveEntry> {
        let mut violations = Violations::default();
        let caller = Caller::of(&request)?;
        let id = violations.check("name", field::name(&request.get_ref().name));
        let id = readable(violations, id)?;
        Ok(self.answer(&self.app.get_archive_entry(caller.roles, id).await.map_err(refused)?))
    }

    async fn list_archive_entries(
        &self,
        request: Request<pb::ListArchiveEntriesRequest>,
    ) -> Answer<pb::ListArchiveEntriesResponse> {
        self.list_entries(request).await
    }

    async fn change_archive_entry(
        &self,
        request: Request<pb::ChangeArchiveEntryRequest>,
    ) -> Answer<pb::ArchiveEntry> {
        let mut wrong_fields = Violations::default();
        let caller = Caller::of(&request)?;
        let pb::ChangeArchiveEntryRequest { name, content, etag, request_id } = request.get_ref();
        let of = field::name(name).ok().map(FieldsOf::Entry);
        self.check_fields(&caller, of, content.as_ref(), &mut wrong_fields).await?;
        let command = |violations: &mut Violations| {
            let content = read::content(content.as_ref(), violations);
            for (path, what, reason) in wrong_fields.iter() {
                violations.add(path, reason, what);
            }
            Some(Command::Change(content?))
        };
        self.change(&request, "ChangeArchiveEntry", Target { name, etag, request_id }, command).await
    }

    async fn draft_archive_version(
        &self,
        request: Request<pb::DraftArchiveVersionRequest>,
    ) -> Answer<pb::ArchiveEntry> {
        let pb::DraftArchiveVersionRequest { name, evidence, sha256: digest, note, etag, request_id } =
            request.get_ref();
        let command = |violations: &mut Violations| {
            let evidence = violations.check("evidence", field::name(evidence));
            let digest = violations.check("sha256", sha256(digest));
            let note = violations.check("note", field::optional_text(note, LONGEST_TEXT));
            Some(Command::DraftVersion { evidence: evidence?, sha256: digest?, note: note? })
        };
        self.change(&request, "DraftArchiveVersion", Target { name, etag, request_id }, command).await
    }

    async fn publish_archive_version(
        &self,
        request: Request<pb::PublishArchiveVersionRequest>,
    ) -> Answer<pb::ArchiveEntry> {
        let pb::PublishArchiveVersionRequest { name, number, etag, request_id } = request.get_ref();
        let command = |violations: &mut Violations| {
            let number = if *number >= 1 { Ok(*number) } else { Err("must be 1 or more") };
            Some(Command::PublishVersion { number: violations.check("number", number)? })
        };
        self.change(&request, "PublishArchiveVersion", Target { name, etag, request_id }, command).await
    }

    async fn retire_archive_entry(
        &self,
        request: Request<pb::RetireArchiveEntryRequest>,
    ) -> Answer<pb::ArchiveEntry> {
        let pb::RetireArchiveEntryRequest { name, reason, etag, request_id } = request.get_ref();
        let command = |violations: &mut Violations| {
            let reason = violations.check("reason", field::text(reason, LONGEST_TEXT))?;
            Some(Command::Retire { reason })
        };
        self.change(&request, "RetireArchiveEntry", Target { name, etag, request_id }, command).await
    }

    async fn restore_archive_entry(
        &self,
        request: Request<pb::RestoreArchiveEntryRequest>,
    ) -> Answer<pb::ArchiveEntry> {
        let pb::RestoreArchiveEntryRequest { name, etag, request_id } = request.get_ref();
        let target = Target { name, etag, request_id };
        self.change(&request, "RestoreArchiveEntry", target, |_| Some(Command::Restore)).await
    }

    async fn list_due_archive_entries(
        &self,
        request: Request<pb::ListDueArchiveEntriesRequest>,
    ) -> Answer<pb::ListDueArchiveEntriesResponse> {
        self.list_due(request).await
    }

    async fn propose_destruction(
        &self,
        request: Request<pb::ProposeDestructionRequest>,
    ) -> Answer<pb::ArchiveEntry> {
        let pb::ProposeDestructionRequest { name, reason, etag, request_id } = request.get_ref();
        let command = |violations: &mut Violations| {
            let reason = violations.check("reason", field::text(reason, LONGEST_TEXT))?;
            Some(Command::Propose { reason })
        };
        self.change(&request, "ProposeDestruction", Target { name, etag, request_id }, command).await
    }

    async fn reject_destruction(
        &self,
        request: Request<pb::RejectDestructionRequest>,
    ) -> Answer<pb::ArchiveEntry> {
        let pb::RejectDestructionRequest { name, reason, etag, request_id } = request.get_ref();
        let command = |violations: &mut Violations| {
            let reason = violations.check("reason", field::text(reason, LONGEST_TEXT))?;
            Some(Command::Reject { reason })
        };
        self.change(&request, "RejectDestruction", Target { name, etag, request_id }, command).await
    }

    async fn approve_destruction(
        &self,
        request: Request<pb::ApproveDestructionRequest>,
    ) -> Answer<pb::ArchiveEntry> {
        let pb::ApproveDestructionRequest { name, etag, request_id } = request.get_ref();
        let target = Target { name, etag, request_id };
        self.change(&request, "ApproveDestruction", target, |_| Some(Command::Approve)).await
    }

    async fn lend_archive_entry(
        &self,
        request: Request<pb::LendArchiveEntryRequest>,
    ) -> Answer<pb::ArchiveEntry> {
        let pb::LendArchiveEntryRequest { name, borrower, due_time, etag, request_id } = request.get_ref();
        let now = self.app.clock().now();
        let command = |violations: &mut Violations| {
            let borrower = violations.check("borrower", field::slug_name(borrower));
            let due_at = read::future("due_time", due_time.as_ref(), now, violations);
            Some(Command::Lend { borrower: borrower?, due_at: due_at? })
        };
        self.change(&request, "LendArchiveEntry", Target { name, etag, request_id }, command).await
    }

    async fn return_archive_entry(
        &self,
        request: Request<pb::ReturnArchiveEntryRequest>,
    ) -> Answer<pb::ArchiveEntry> {
        let pb::ReturnArchiveEntryRequest { name, etag, request_id } = request.get_ref();
        let target = Target { name, etag, request_id };
        self.change(&request, "ReturnArchiveEntry", target, |_| Some(Command::TakeBack)).await
    }

    async fn list_archive_loans(
        &self,
        request: Request<pb::ListArchiveLoansRequest>,
    ) -> Answer<pb::ListArchiveLoansResponse> {
        self.list_loans(request).await
    }

    async fn assess_supplier(&self, request: Request<pb::AssessSupplierRequest>) -> Answer<pb::ArchiveEntry> {
        let message = request.get_ref();
        let (target, now) = (
            Target { name: &message.name, etag: &message.etag, request_id: &message.request_id },
            self.app.clock().now(),
        );
        let command = |violations: &mut Violations| {
            let result = violations.check("result", read::result(message.result));
            let assessed_at = past("assess_time", message.assess_time.as_ref(), now, violations);
            let after = assessed_at.unwrap_or(kexiang_core::Timestamp::MIN);
            let expires_at =
                read::after("expire_time", message.expire_time.as_ref(), ("assess_time", after), violations);
            let note = violations.check("note", field::optional_text(&message.note, LONGEST_TEXT));
            Some(Command::Assess {
                result: result?,
                assessed_at: assessed_at?,
                expires_at: expires_at?,
                note: note?,
            })
        };
        self.change(&request, "AssessSupplier", target, command).await
    }

    async fn record_quote(&self, request: Request<pb::RecordQuoteRequest>) -> Answer<pb::SupplierQuote> {
        let mut violations = Violations::default();
        let call = call(&request, "RecordQuote", &request.get_ref().request_id, &mut violations)?;
        let pb::RecordQuoteRequest { supplier, subject, amount, currency_code, reference, .. } =
            request.get_ref();
        let supplier = violations.check("supplier", field::name(supplier));
        let subject = violations.check("subject", field::text(subject, read::LONGEST_TITLE));
        let money = read::money(amount, currency_code, &mut violations);
        let reference = field::optional_text(reference, LONGEST_REFERENCE).map(Option::unwrap_or_default);
        let reference = violations.check("reference", reference);
        let read = || Some((call?, supplier?, subject?, money?, reference?));
        let (call, supplier, subject, (amount, currency), reference) =
            violations.into_result(DOMAIN, read())?;
        let asked = Asked { subject, amount, currency, reference };
        let quote = self.app.record_quote(&call, supplier, asked).await.map_err(refused)?;
        Ok(Response::new(write::quote(&quote)))
    }

    async fn list_supplier_quotes(
        &self,
        request: Request<pb::ListSupplierQuotesRequest>,
    ) -> Answer<pb::ListSupplierQuotesResponse> {
        self.list_quotes(request).await
    }
}
