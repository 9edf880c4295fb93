//! Files of customers, sent and fetched as stories need it.

use kexiang_core::Role;
use kexiang_proto::customers_v1::{
    ExportCustomersRequest, FileFormat, ImportCustomersRequest, ImportRowResult, ImportSettings,
    ImportSummary, import_row_result::Outcome, import_service_client::ImportServiceClient,
};
use tonic::{Status, service::interceptor::InterceptedService, transport::Channel};

use crate::center::{Bearer, Center};

/// What a service told of a file.
#[derive(Default)]
pub struct Report {
    pub results: Vec<ImportRowResult>,
    pub summary: Option<ImportSummary>,
    /// How the stream ended, if not by a summary.
    pub error: Option<Status>,
}

impl Report {
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.results.iter().map(ImportRowResult::outcome).collect()
    }

    /// Created, updated, unchanged, refused, possible duplicates.
    pub fn counts(&self) -> [i64; 5] {
        let summary = self.summary.as_ref().unwrap();
        [summary.created, summary.updated, summary.unchanged, summary.refused, summary.possible_duplicates]
    }

    /// Paths and reasons of what is wrong with a row.
    pub fn wrong(&self, at: usize) -> Vec<(&str, &str)> {
        let violations = self.results[at].violations.iter();
        violations.map(|wrong| (wrong.field.as_str(), wrong.reason.as_str())).collect()
    }
}

/// A file of the source `crm`.
pub fn settings(format: FileFormat) -> ImportSettings {
    ImportSettings { format: format.into(), source: "crm".to_owned(), ..ImportSettings::default() }
}

impl Center {
    /// Speaks to ImportService as somebody with this role.
    pub fn files(&self, role: Role) -> ImportServiceClient<InterceptedService<Channel, Bearer>> {
        let (channel, bearer) = self.as_role("chen.jie", &[role]);
        ImportServiceClient::with_interceptor(channel, bearer).max_decoding_message_size(16 << 20)
    }

    /// Sends a file in pieces of this size.
    pub async fn send(&self, settings: ImportSettings, file: &[u8], piece: usize) -> Report {
        let first = ImportCustomersRequest { settings: Some(settings), chunk: Vec::new() };
        let chunks =
            file.chunks(piece).map(|chunk| ImportCustomersRequest { settings: None, chunk: chunk.to_vec() });
        let messages: Vec<_> = std::iter::once(first).chain(chunks).collect();
        self.send_messages(messages).await
    }

    /// Sends these messages.
    pub async fn send_messages(&self, messages: Vec<ImportCustomersRequest>) -> Report {
        let mut report = Report::default();
        let sent = self.files(Role::Supervisor).import_customers(tokio_stream::iter(messages)).await;
        let mut answers = match sent {
            Ok(answers) => answers.into_inner(),
            Err(error) => return Report { error: Some(error), ..report },
        };
        loop {
            match answers.message().await {
                Ok(Some(answer)) => {
                    report.results.extend(answer.results);
                    report.summary = answer.summary.or(report.summary);
                }
                Ok(None) => return report,
                Err(error) => return Report { error: Some(error), ..report },
            }
        }
    }

    /// Sends CSV of the source `crm`.
    pub async fn import_csv(&self, file: &str) -> Report {
        self.send(settings(FileFormat::Csv), file.as_bytes(), 1000).await
    }

    /// Fetches a file, with the media type of its first part.
    pub async fn export(
        &self,
        role: Role,
        format: FileFormat,
        customers: Vec<String>,
    ) -> Result<(String, Vec<u8>), Status> {
        let request = ExportCustomersRequest { format: format.into(), customers, request_id: String::new() };
        let mut bodies = self.files(role).export_customers(request).await?.into_inner();
        let (mut content_type, mut file) = (String::new(), Vec::new());
        while let Some(body) = bodies.message().await? {
            content_type.push_str(&body.content_type);
            file.extend(body.data);
        }
        Ok((content_type, file))
    }

    /// How many customers, contact points, remembered rows and events there are.
    pub async fn written(&self) -> [i64; 4] {
        let mut counts = [0; 4];
        for (count, table) in
            counts.iter_mut().zip(["customers", "contact_points", "import_rows", "event_log"])
        {
            let sql = format!("select count(*) from customer_records.{table}");
            *count = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&self.pool).await.unwrap();
        }
        counts
    }
}
