//! The vocabulary of cases, with one spelling through proto, SQL and events: the names of `kexiang.type.v1` without their
//! prefixes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A text is no word of the vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such word: {0}")]
pub struct UnknownWord(pub String);

/// How a customer reached the center (IN-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Channel {
    /// An agent at the hotline. 热线
    Hotline,
    /// A grid's own dispatch phone. 网格调度电话
    GridPhone,
    /// Self-service phone menu. 自助语音
    PhoneMenu,
    /// Messaging, social media or chat. 即时消息
    Messaging,
    /// Web form or app. 网页
    WebForm,
    /// E-mail. 邮件
    Email,
    /// At the counter. 来访
    WalkIn,
    /// Staff on the move. 外勤
    FieldStaff,
    /// Lead. 线索
    Lead,
    /// Another organisation's system. 合作方
    Partner,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Hotline,
        Self::GridPhone,
        Self::PhoneMenu,
        Self::Messaging,
        Self::WebForm,
        Self::Email,
        Self::WalkIn,
        Self::FieldStaff,
        Self::Lead,
        Self::Partner,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hotline => "HOTLINE",
            Self::GridPhone => "GRID_PHONE",
            Self::PhoneMenu => "PHONE_MENU",
            Self::Messaging => "MESSAGING",
            Self::WebForm => "WEB_FORM",
            Self::Email => "EMAIL",
            Self::WalkIn => "WALK_IN",
            Self::FieldStaff => "FIELD_STAFF",
            Self::Lead => "LEAD",
            Self::Partner => "PARTNER",
        }
    }

    /// Channels on which the customer writes: there an e-mail address will do instead of a phone (IN-4).
    #[must_use]
    pub const fn is_written(self) -> bool {
        matches!(self, Self::WebForm | Self::Email | Self::Messaging | Self::Lead | Self::Partner)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Channel {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// What a customer asks for (IN-7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// 咨询
    Consultation,
    /// 故障申告
    Fault,
    /// 投诉
    Complaint,
    /// 举报
    ViolationReport,
    /// 建议
    Suggestion,
    /// 开通、装机、维护
    ServiceOrder,
    /// 业务办理
    Business,
    /// Lead. 线索
    Lead,
    /// 其他
    Other,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Consultation,
        Self::Fault,
        Self::Complaint,
        Self::ViolationReport,
        Self::Suggestion,
        Self::ServiceOrder,
        Self::Business,
        Self::Lead,
        Self::Other,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consultation => "CONSULTATION",
            Self::Fault => "FAULT",
            Self::Complaint => "COMPLAINT",
            Self::ViolationReport => "VIOLATION_REPORT",
            Self::Suggestion => "SUGGESTION",
            Self::ServiceOrder => "SERVICE_ORDER",
            Self::Business => "BUSINESS",
            Self::Lead => "LEAD",
            Self::Other => "OTHER",
        }
    }

    /// Complaints and faults close only after a return visit (DI-19, IN-17).
    #[must_use]
    pub const fn requires_return_visit(self) -> bool {
        matches!(self, Self::Complaint | Self::Fault)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// How much it hurts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// One customer, with a way around.
    Minor,
    /// One customer; the default.
    Normal,
    /// Many customers, or one without service.
    Major,
    /// Danger to people, or a whole place without service.
    Critical,
}

impl Severity {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Minor, Self::Normal, Self::Major, Self::Critical];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minor => "MINOR",
            Self::Normal => "NORMAL",
            Self::Major => "MAJOR",
            Self::Critical => "CRITICAL",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// A customer's answer in a return visit (DI-19), from worst to best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Satisfaction {
    /// 很不满意
    VeryDissatisfied,
    /// 不满意
    Dissatisfied,
    /// 一般
    Neutral,
    /// 满意
    Satisfied,
    /// 很满意
    VerySatisfied,
}

impl Satisfaction {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::VeryDissatisfied, Self::Dissatisfied, Self::Neutral, Self::Satisfied, Self::VerySatisfied];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VeryDissatisfied => "VERY_DISSATISFIED",
            Self::Dissatisfied => "DISSATISFIED",
            Self::Neutral => "NEUTRAL",
            Self::Satisfied => "SATISFIED",
            Self::VerySatisfied => "VERY_SATISFIED",
        }
    }

    /// Dissatisfied answers reopen the case (DI-19).
    #[must_use]
    pub const fn is_dissatisfied(self) -> bool {
        matches!(self, Self::VeryDissatisfied | Self::Dissatisfied)
    }
}

impl fmt::Display for Satisfaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Satisfaction {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// What a customer is (CU-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CustomerKind {
    /// 个人
    Person,
    /// 家庭
    Household,
    /// 单位
    Organisation,
    /// 网点
    Outlet,
}

impl CustomerKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Person, Self::Household, Self::Organisation, Self::Outlet];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "PERSON",
            Self::Household => "HOUSEHOLD",
            Self::Organisation => "ORGANISATION",
            Self::Outlet => "OUTLET",
        }
    }
}

impl fmt::Display for CustomerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CustomerKind {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// What a case on hold waits for (IN-18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HoldReason {
    /// 待缴费
    Payment,
    /// An answer, an appointment, access.
    Customer,
    /// Parts or material.
    Parts,
    /// Work of another unit.
    OtherUnit,
    /// Something else; the note says what.
    Other,
}

impl HoldReason {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Payment, Self::Customer, Self::Parts, Self::OtherUnit, Self::Other];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "PAYMENT",
            Self::Customer => "CUSTOMER",
            Self::Parts => "PARTS",
            Self::OtherUnit => "OTHER_UNIT",
            Self::Other => "OTHER",
        }
    }
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for HoldReason {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}
