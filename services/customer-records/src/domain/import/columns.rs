//! Which column of a file is what, by its name in English or Chinese, or as the importer says.

use super::{FileError, MAX_CELL, RawRow};

/// What a column says of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// `customers/{customer}`, as an export has it.
    Customer,
    /// The id in the source.
    ExternalId,
    /// What they are.
    Kind,
    /// Who they are.
    DisplayName,
    /// One or more phones.
    Phone,
    /// One or more e-mail addresses.
    Email,
    /// One or more postal addresses.
    Address,
}

impl Field {
    /// All of them, in the order of an export.
    pub const ALL: [Self; 7] = [
        Self::Customer,
        Self::ExternalId,
        Self::Kind,
        Self::DisplayName,
        Self::Phone,
        Self::Email,
        Self::Address,
    ];

    /// The word: the name of its column in an export, and its path in what is wrong.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::ExternalId => "external_id",
            Self::Kind => "kind",
            Self::DisplayName => "display_name",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Address => "address",
        }
    }

    /// Whether several columns may say it.
    #[must_use]
    pub const fn is_repeated(self) -> bool {
        matches!(self, Self::Phone | Self::Email | Self::Address)
    }

    /// By other names, folded as [`folded`] does it.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Customer => &["customer"],
            Self::ExternalId => &[
                "external id",
                "id",
                "customer id",
                "customer no",
                "customer number",
                "reference",
                "编号",
                "客户编号",
                "客户号",
                "会员号",
                "会员编号",
                "外部编号",
            ],
            Self::Kind => {
                &["kind", "type", "customer type", "customer kind", "类型", "客户类型", "类别", "客户类别"]
            }
            Self::DisplayName => &[
                "display name",
                "name",
                "full name",
                "customer name",
                "company",
                "company name",
                "姓名",
                "名称",
                "客户名称",
                "客户姓名",
                "联系人",
                "公司名称",
                "单位名称",
            ],
            Self::Phone => &[
                "phone",
                "phone number",
                "mobile",
                "mobile phone",
                "mobile number",
                "cell",
                "cell phone",
                "tel",
                "telephone",
                "电话",
                "手机",
                "手机号",
                "手机号码",
                "联系电话",
                "电话号码",
                "固定电话",
                "座机",
            ],
            Self::Email => &[
                "email",
                "e-mail",
                "mail",
                "email address",
                "e-mail address",
                "邮箱",
                "电子邮箱",
                "电子邮件",
                "邮件",
                "邮箱地址",
            ],
            Self::Address => &[
                "address",
                "postal address",
                "street address",
                "mailing address",
                "地址",
                "联系地址",
                "通讯地址",
                "详细地址",
                "家庭地址",
                "单位地址",
            ],
        }
    }

    fn of_header(header: &str) -> Option<Self> {
        let folded = folded(header);
        let name = folded.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end();
        Self::ALL.into_iter().find(|field| field.names().contains(&name))
    }
}

/// What the importer says of columns, by their names in the file; `None` leaves one out. The others go by their names.
pub type Mapping = Vec<(String, Option<Field>)>;

/// The columns of a file.
pub struct Columns {
    fields: Vec<Option<Field>>,
    /// Those that mean nothing.
    pub ignored: Vec<String>,
}

impl Columns {
    /// Reads the row of names.
    ///
    /// # Errors
    /// [`FileError::HeaderInvalid`]: a column that the importer named is missing, two say what only one can, or nothing says
    /// who the rows are.
    pub fn read(header: &[&str], mapping: &Mapping) -> Result<Self, FileError> {
        let invalid = |text: String| Err(FileError::HeaderInvalid(text));
        let said = |name: &str| mapping.iter().find(|(header, _)| folded(header) == folded(name));
        for (wanted, _) in mapping {
            if !header.iter().any(|name| folded(name) == folded(wanted)) {
                return invalid(format!("there is no column `{wanted}`"));
            }
        }
        let fields: Vec<_> = header
            .iter()
            .map(|name| said(name).map_or_else(|| Field::of_header(name), |(_, field)| *field))
            .collect();
        for field in Field::ALL.into_iter().filter(|field| !field.is_repeated()) {
            if fields.iter().filter(|found| **found == Some(field)).count() > 1 {
                return invalid(format!("more than one column is the {}", field.as_str()));
            }
        }
        let knows = |field: &Field| *field != Field::Kind && *field != Field::DisplayName;
        if !fields.iter().flatten().any(knows) {
            return invalid(
                "no column tells who the rows are: an id, a phone, an e-mail or an address".to_owned(),
            );
        }
        let meaningless =
            header.iter().zip(&fields).filter(|(name, field)| field.is_none() && !name.trim().is_empty());
        let ignored = meaningless.map(|(name, _)| name.trim().chars().take(100).collect()).collect();
        Ok(Self { fields, ignored })
    }

    /// The cells of a row that mean something.
    #[must_use]
    pub fn row<'a>(&self, number: u64, cells: impl Iterator<Item = &'a str>) -> RawRow {
        let cells = self.fields.iter().zip(cells);
        let cells = cells.filter_map(|(field, cell)| Some(((*field)?, cell)));
        let cells = cells.filter(|(_, cell)| !cell.trim().is_empty());
        // One character more than is taken, so that it is refused as too long.
        let cut = |(field, cell): (Field, &str)| (field, cell.chars().take(MAX_CELL + 1).collect());
        RawRow { number, cells: cells.map(cut).collect(), fault: None }
    }
}

/// Lower case, single spaces; `_` is a space.
fn folded(name: &str) -> String {
    let name = name.trim_start_matches('\u{feff}').to_lowercase().replace('_', " ");
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_go_by_their_names_in_english_and_chinese() {
        let names = ["客户编号", "姓名", "手机1", "手机 2", "E-Mail", "联系地址", "Remarks"];

        let columns = Columns::read(&names, &Vec::new()).unwrap();

        use Field::{Address, DisplayName, Email, ExternalId, Phone};
        let wanted = [ExternalId, DisplayName, Phone, Phone, Email, Address].map(Some);
        assert_eq!(columns.fields[..6], wanted);
        assert_eq!(columns.ignored, ["Remarks"]);
    }

    #[test]
    fn what_the_importer_says_goes_first() {
        let mapping = vec![("Phone".to_owned(), None), ("nr".to_owned(), Some(Field::ExternalId))];

        let columns = Columns::read(&["Phone", "NR"], &mapping).unwrap();

        assert_eq!(columns.fields, [None, Some(Field::ExternalId)]);
    }

    #[test]
    fn a_header_that_says_too_little_or_too_much_is_refused() {
        let read = |names: &[&str], mapping: &Mapping| Columns::read(names, mapping).is_err();

        assert!(read(&["name", "kind"], &Vec::new()));
        assert!(read(&["id", "customer no", "name"], &Vec::new()));
        assert!(read(&["id", "name"], &vec![("missing".to_owned(), None)]));
        assert!(read(&[], &Vec::new()));
    }
}
