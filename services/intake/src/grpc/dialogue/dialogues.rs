//! Dialogues on the wire.

use kexiang_core::{Channel, PhoneNumber, SiteId, phone::DEFAULT_REGION};
use kexiang_proto::{intake_v1 as pb, type_v1 as words};
use kexiang_rpc::{PageRequest, Violations, call, field};
use tonic::{Request, Status};

use super::convert;
use crate::{
    app::dialogue::{Dialogues, turns::Said},
    domain::dialogue::{Opening, Spoken},
    grpc::{
        DOMAIN,
        status::{self, dialogue::status},
    },
};

/// Characters of one input.
const LONGEST_INPUT: usize = 1_000;

pub(super) async fn start_dialogue(
    dialogues: &Dialogues,
    request: Request<pb::StartDialogueRequest>,
) -> Result<pb::Dialogue, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "StartDialogue", &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let site: Option<SiteId> = violations.check("site", field::slug_name(&request.site));
    // Without its region no phone can be judged: an unknown site is told first.
    let region = match &site {
        Some(site) => dialogues.app().get_site(site).await.map_err(status::status)?.phone_region.clone(),
        None => DEFAULT_REGION.to_owned(),
    };
    let opening = read_opening(&request, site, &region, &mut violations);
    let (call, opening) = violations.into_result(DOMAIN, call.zip(opening))?;
    let dialogue = dialogues.start_dialogue(&call, opening).await.map_err(status)?;
    Ok(convert::dialogue(dialogue))
}

fn read_opening(
    request: &pb::StartDialogueRequest,
    site: Option<SiteId>,
    region: &str,
    violations: &mut Violations,
) -> Option<Opening> {
    let channel =
        field::word::<words::Channel, Channel>(request.channel, "CHANNEL_", words::Channel::as_str_name);
    let channel = violations.check("channel", channel);
    if channel.is_some_and(|channel| !is_self_service(channel)) {
        violations.add("channel", "INVALID_VALUE", "must be PHONE_MENU, MESSAGING or WEB_FORM");
    }
    let phone = field::optional(&request.phone, |text| PhoneNumber::parse(text, region));
    let phone = violations.check("phone", phone);
    let language = request.language.parse::<Spoken>().map_err(|_| "must be zh or en");
    let language = violations.check("language", language);
    let district = violations.check("district", field::optional_text(&request.district, 100));
    let district = district?;
    Some(Opening { site: site?, channel: channel?, language: language?, phone: phone?, district })
}

const fn is_self_service(channel: Channel) -> bool {
    matches!(channel, Channel::PhoneMenu | Channel::Messaging | Channel::WebForm)
}

pub(super) async fn get_dialogue(
    dialogues: &Dialogues,
    request: Request<pb::GetDialogueRequest>,
) -> Result<pb::Dialogue, Status> {
    let mut violations = Violations::default();
    let id = violations.check("name", field::name(&request.get_ref().name));
    let id = violations.into_result(DOMAIN, id)?;
    dialogues.get_dialogue(id).await.map(convert::dialogue).map_err(status)
}

pub(super) async fn continue_dialogue(
    dialogues: &Dialogues,
    request: Request<pb::ContinueDialogueRequest>,
) -> Result<pb::Dialogue, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "ContinueDialogue", &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let dialogue = violations.check("name", field::name(&request.name));
    let etag = violations.check("etag", field::etag(&request.etag));
    let input = violations.check("input", field::optional_text(&request.input, LONGEST_INPUT));
    if request.turn < 1 {
        violations.add("turn", "REQUIRED", "is required: the turn of the step that this answers");
    }
    let said = || {
        let input = input?.unwrap_or_default();
        Some(Said { dialogue: dialogue?, turn: Some(request.turn), etag: etag?, input })
    };
    let (call, said) = violations.into_result(DOMAIN, call.zip(said()))?;
    dialogues.continue_dialogue(&call, said).await.map(convert::dialogue).map_err(status)
}

pub(super) async fn hand_over_dialogue(
    dialogues: &Dialogues,
    request: Request<pb::HandOverDialogueRequest>,
) -> Result<pb::Dialogue, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "HandOverDialogue", &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let dialogue = violations.check("name", field::name(&request.name));
    let etag = violations.check("etag", field::etag(&request.etag));
    // The key that means a person everywhere.
    let said = || Some(Said { dialogue: dialogue?, turn: None, etag: etag?, input: "0".to_owned() });
    let (call, said) = violations.into_result(DOMAIN, call.zip(said()))?;
    dialogues.continue_dialogue(&call, said).await.map(convert::dialogue).map_err(status)
}

pub(super) async fn list_dialogue_turns(
    dialogues: &Dialogues,
    request: Request<pb::ListDialogueTurnsRequest>,
) -> Result<pb::ListDialogueTurnsResponse, Status> {
    let request = request.into_inner();
    let mut violations = Violations::default();
    let id = violations.check("dialogue", field::name(&request.dialogue));
    let filter = pb::ListDialogueTurnsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page = PageRequest::read(request.page_size, &request.page_token, &filter, &mut violations);
    let (id, page) = violations.into_result(DOMAIN, id.zip(page))?;
    let turns = dialogues.list_dialogue_turns(id, page.after, page.limit + 1).await;
    let mut turns = turns.map_err(status)?;
    let next_page_token = page.cut(&mut turns, |turn| turn.shown.turn);
    let turns = turns.into_iter().map(convert::turn).collect();
    Ok(pb::ListDialogueTurnsResponse { turns, next_page_token })
}
