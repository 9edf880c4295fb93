//! All that a dialogue says, in both languages, in one table. `{0}`, `{1}` … stand for what is filled in.

use kexiang_core::{Kind, vocabulary::UnknownWord};
use serde::{Deserialize, Serialize};

use crate::domain::CaseState;

/// The language of a dialogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spoken {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl Spoken {
    /// What most people speak where phones are of this region (ISO 3166-1 alpha-2).
    #[must_use]
    pub fn of_region(region: &str) -> Self {
        if matches!(region, "CN" | "HK" | "MO" | "TW") { Self::Zh } else { Self::En }
    }

    /// Its tag.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    const fn of(self, (zh, en): (&'static str, &'static str)) -> &'static str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

impl std::str::FromStr for Spoken {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "zh" => Ok(Self::Zh),
            "en" => Ok(Self::En),
            _ => Err(UnknownWord(text.to_owned())),
        }
    }
}

/// Something to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the table below says what each line says")]
pub enum Line {
    Welcome,
    AskMenu,
    AskReport,
    AskTopic,
    AskHelped,
    AskPhone,
    AskCode,
    AskMatter,
    AskName,
    AskGatherPhone,
    AskAddress,
    AskOffer,
    AskMore,
    NotUnderstood,
    Article,
    ThankYou,
    CodeSent,
    CodeWrong,
    CodeOver,
    CodeMessage,
    CustomerIs,
    CustomerUnknown,
    ContactPoint,
    OpenMatter,
    NoOpenMatters,
    BusinessLimits,
    RecordsDown,
    CaseStands,
    NoCases,
    HandedOver,
    CaseAccepted,
    Goodbye,
    Abandoned,
    NoName,
    NoNeed,
    TranscriptCut,
    ServiceSaid,
    CallerSaid,
    ReportNews,
    ReportResolved,
}

impl Line {
    /// The text in a language, filled in.
    #[must_use]
    pub fn text(self, language: Spoken, args: &[String]) -> String {
        let mut rest = language.of(self.both());
        let mut text = String::with_capacity(rest.len());
        // What is filled in is not looked at again: a caller's braces stay what they are.
        while let Some((before, after)) = rest.split_once('{') {
            let (number, behind) = after.split_once('}').unwrap_or((after, ""));
            text.push_str(before);
            let arg = number.parse().ok().and_then(|number: usize| args.get(number));
            text.push_str(arg.map_or("", String::as_str));
            rest = behind;
        }
        text.push_str(rest);
        text
    }

    const fn both(self) -> (&'static str, &'static str) {
        match self {
            Self::Welcome => ("您好，这里是客户响应中心。", "Welcome to the customer response center."),
            Self::AskMenu => ("请选择，或直接说出您的问题。", "Please choose, or say what you want to know."),
            Self::AskReport => ("您要报告什么？", "What would you like to report?"),
            Self::AskTopic => ("请说出您想了解的内容。", "What would you like to know about it?"),
            Self::AskHelped => ("这解决了您的问题吗？", "Did that help?"),
            Self::AskPhone => ("请输入您的电话号码。", "Please enter your phone number."),
            Self::AskCode => {
                ("请输入短信中的六位验证码。", "Please enter the six-digit code from the message.")
            }
            Self::AskMatter => ("请说明情况。", "Please tell us what happened."),
            Self::AskName => ("请说您的姓名。", "Please tell us your name."),
            Self::AskGatherPhone => {
                ("请输入可以联系到您的电话号码。", "Please enter a phone number to reach you.")
            }
            Self::AskAddress => ("请说出地址。", "Please tell us the address."),
            Self::AskOffer => {
                ("您可以留言由我们处理，或转人工。", "You can leave a report, or speak to a person.")
            }
            Self::AskMore => ("还需要别的吗？", "Is there anything else?"),
            Self::NotUnderstood => ("抱歉，没有听清。", "Sorry, that was not understood."),
            Self::Article => ("{0}：{1}", "{0}: {1}"),
            Self::ThankYou => ("感谢您的反馈。", "Thank you for telling us."),
            Self::CodeSent => {
                ("验证码已发送，五分钟内有效。", "A code was sent; it is valid for five minutes.")
            }
            Self::CodeWrong => {
                ("验证码不正确，还可尝试{0}次。", "That code is wrong; {0} attempts are left.")
            }
            Self::CodeOver => {
                ("验证码已失效，请重新获取。", "That code is no longer valid; please ask for a new one.")
            }
            Self::CodeMessage => (
                "【客响】验证码{0}，五分钟内有效。请勿告诉他人。",
                "Your code is {0}. It is valid for five minutes. Do not tell it to anybody.",
            ),
            Self::CustomerIs => ("登记姓名：{0}。", "Registered name: {0}."),
            Self::CustomerUnknown => ("该号码下没有登记资料。", "Nothing is registered under this phone."),
            Self::ContactPoint => ("联系方式：{0}。", "Reached at: {0}."),
            Self::OpenMatter => ("未办结：{0}，{1}受理。", "Open: {0}, accepted on {1}."),
            Self::NoOpenMatters => ("没有未办结的业务。", "Nothing is open."),
            Self::BusinessLimits => {
                ("合同和订单尚不能在此查询。", "Agreements and orders can't be looked up here yet.")
            }
            Self::RecordsDown => {
                ("暂时无法查询客户资料。", "Customer records can't be reached at the moment.")
            }
            Self::CaseStands => ("受理单{0}：{1}，最近更新{2}。", "Case {0}: {1}, last changed on {2}."),
            Self::NoCases => ("该号码下没有找到受理单。", "No such case was found under this phone."),
            Self::HandedOver => (
                "已为您转人工，受理单号{0}，您说过的内容无需重复。",
                "A person will go on with case {0}; you need not say anything twice.",
            ),
            Self::CaseAccepted => ("已受理，受理单号{0}。", "Your report is accepted as case {0}."),
            Self::Goodbye => ("感谢您的来电，再见。", "Thank you, and goodbye."),
            Self::Abandoned => (
                "长时间没有收到输入，本次服务已结束。",
                "Nothing was heard for a while; this dialogue is over.",
            ),
            Self::NoName => ("未留姓名", "Name not given"),
            Self::NoNeed => ("未说明来意", "Nothing was said"),
            Self::TranscriptCut => ("……（更早的内容见{0}）", "… (what was said before: {0})"),
            Self::ServiceSaid => ("自助服务：{0}", "Service: {0}"),
            Self::CallerSaid => ("来电人：{0}", "Caller: {0}"),
            Self::ReportNews => ("【客响】受理单{0}：{1}", "Your case {0}: {1}"),
            Self::ReportResolved => (
                "您报告的故障已处理。如仍有问题，请再联系我们。",
                "The fault that you reported is resolved. Please contact us if it is not.",
            ),
        }
    }
}

/// What a key or a word chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table below says what each one is")]
pub enum Choice {
    OwnData,
    Business,
    CaseStatus,
    Policies,
    NewProducts,
    Notices,
    Convenience,
    Report,
    Person,
    Menu,
    Fault,
    Complaint,
    Suggestion,
    Yes,
    No,
    Newest,
    NewCode,
    OtherPhone,
    Done,
}

impl Choice {
    /// Its word in a language.
    #[must_use]
    pub const fn word(self, language: Spoken) -> &'static str {
        language.of(match self {
            Self::OwnData => ("我的资料", "my data"),
            Self::Business => ("我的业务", "my business"),
            Self::CaseStatus => ("办理进度", "status of my case"),
            Self::Policies => ("政策", "policies"),
            Self::NewProducts => ("新产品", "new products"),
            Self::Notices => ("公告", "notices"),
            Self::Convenience => ("便民信息", "useful information"),
            Self::Report => ("报修或投诉", "report"),
            Self::Person => ("人工", "person"),
            Self::Menu => ("返回", "menu"),
            Self::Fault => ("报修", "fault"),
            Self::Complaint => ("投诉", "complaint"),
            Self::Suggestion => ("建议", "suggestion"),
            Self::Yes => ("是", "yes"),
            Self::No => ("否", "no"),
            Self::Newest => ("最新", "newest"),
            Self::NewCode => ("重新获取", "new code"),
            Self::OtherPhone => ("换号码", "other phone"),
            Self::Done => ("结束", "done"),
        })
    }
}

/// Where a case stands, for the one who asked for it.
#[must_use]
pub const fn case_state(state: CaseState, language: Spoken) -> &'static str {
    language.of(match state {
        CaseState::Received => ("已受理", "accepted"),
        CaseState::Dispatched => ("处理中", "being worked on"),
        CaseState::Resolved => ("已处理", "resolved"),
        CaseState::Informed => ("已答复", "answered"),
        CaseState::Visited => ("已回访", "followed up"),
        CaseState::Closed => ("已办结", "closed"),
        CaseState::Archived => ("已归档", "closed and archived"),
        CaseState::Withdrawn => ("已撤销", "withdrawn"),
    })
}

/// The category codes that a case of a dialogue may have, the best first: a site takes the first one that is in its tree.
#[must_use]
pub const fn categories(kind: Kind) -> [&'static str; 3] {
    let own = match kind {
        Kind::Fault => "self_service.fault",
        Kind::Complaint => "self_service.complaint",
        Kind::Suggestion => "self_service.suggestion",
        Kind::Consultation
        | Kind::ViolationReport
        | Kind::ServiceOrder
        | Kind::Business
        | Kind::Lead
        | Kind::Other => "self_service.enquiry",
    };
    [own, "self_service", "other"]
}
