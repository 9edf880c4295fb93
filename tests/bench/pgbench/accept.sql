-- One acceptance as intake does it when it comes alone: the same statements, the same rows, one transaction.
--
-- Plain VALUES stand for intake's UNNEST of arrays, which is the cheaper way to write one row. Ids grow with the time, as
-- UUIDv7 do; what a service computes for itself (case number, names, trace) comes with the register number.
-- A colon before a letter or digit begins a variable, also inside a text: hence the spaces in the JSON.
--   :sites   how many sites the clients work at        :millis   start of the turn, milliseconds since 1970
\set site :client_id % :sites
\set millis :millis + 1
\set request_high random(0, 9223372036854775806)
\set request_low random(0, 9223372036854775806)
\set id random(0, 1152921504606846975)
\set phone random(0, 99999999)
\set house random(0, 999)

begin;

-- What was answered to this request before: nothing.
select actor, request_id, request_hash, response from intake.idempotency_keys
where actor = 'agents/agent-' || :client_id::text and method = 'AcceptCase'
  and request_id = (lpad(to_hex(:request_high::bigint), 16, '0') || lpad(to_hex(:request_low::bigint), 16, '0'))::uuid
  and response is not null;

-- The next number of the register, which stays locked until the commit.
update intake.registers set last_number = last_number + 1 where site_id = 'site-' || :site::text
returning last_number as register_number,
    'C-' || to_char(now() at time zone 'Asia/Shanghai', 'YYYYMMDD-') || lpad(last_number::text, 6, '0') as number,
    to_json(now())::text as moment,
    (lpad(to_hex(:millis::bigint), 12, '0') || '70008' || lpad(to_hex(:id::bigint), 15, '0'))::uuid as contact_id,
    (lpad(to_hex(:millis::bigint), 12, '0') || '70009' || lpad(to_hex(:id::bigint), 15, '0'))::uuid as case_id,
    (lpad(to_hex(:millis::bigint), 12, '0') || '7000a' || lpad(to_hex(:id::bigint), 15, '0'))::uuid as told_contact_id,
    (lpad(to_hex(:millis::bigint), 12, '0') || '7000b' || lpad(to_hex(:id::bigint), 15, '0'))::uuid as told_case_id,
    '00-' || lpad(to_hex(:request_high::bigint), 32, '0') || '-' || lpad(to_hex(:id::bigint), 16, '0') || '-01' as trace
\gset

insert into intake.contacts
    (contact_id, site_id, register_number, contact_at, channel, purpose, caller_name, caller_phone,
     phone_declined, caller_email, caller_address, caller_kind, need, heard_from, first_visit,
     appointment, registered_by, ring_seconds, wait_seconds, talk_seconds, wrap_up_seconds, called_number,
     case_id, customer_id)
values
    (:contact_id, 'site-' || :site::text, :register_number, now(), 'HOTLINE', 'CUSTOMER', '王建国',
     '+86138' || lpad(:phone::text, 8, '0'),
     false, null, '锦绣花园' || :house::text || '栋2单元501室', 'PERSON',
     '锦绣花园' || :house::text || '栋2单元楼道的灯已经三天不亮,晚上老人上下楼很不方便,之前向物业前台反映过一次,'
     '一直没有人来修,希望今天能安排师傅上门检查线路并给一个答复。',
     null, false,
     false, 'agents/agent-' || :client_id::text, 6, 12, 148, null, '4008001234',
     :case_id, null);

insert into intake.cases
    (case_id, site_id, number, contact_id, channel, kind, category, title, description, district, address,
     severity, handling, external_reference, state, customer_id, first_responsible_agent, unit_id,
     resolution, resolved_at_desk, satisfaction, reopen_count, accepted_at, first_resolved_at,
     resolved_at, informed_at, inform_channel, inform_note, closed_at, updated_at, reason, version)
values
    (:case_id, 'site-' || :site::text, :number, :contact_id, 'HOTLINE', 'FAULT', 'public-lighting',
     :house::text || '栋2单元楼道照明不亮',
     :house::text || '栋2单元三层至五层楼道灯不亮三天,疑似线路故障,客户要求当天上门并电话答复。',
     'grid-07', '锦绣花园' || :house::text || '栋2单元',
     'NORMAL', 'DISPATCH', null, 'RECEIVED', null, 'agent-' || :client_id::text, null,
     null, false, null, 0, now(), null,
     null, null, null, null, null, now(), null, 1);

insert into intake.event_log
    (event_id, event_type, subject, occurred_at, recorded_at, actor, cause, traceparent, data)
values
    (:told_contact_id, 'contact.registered', 'contacts/' || :contact_id::text, now(), now(),
     'agents/agent-' || :client_id::text, null, :trace,
     format(
        '{"contact": "%s","site": "site-%s","register_number": %s,"contact_at": %s,"channel": "HOTLINE",'
        '"purpose": "CUSTOMER","registered_by": "agents/agent-%s","case": "%s","customer": null}',
        :contact_id::text, :site::text, :register_number::text, :moment::text, :client_id::text, :case_id::text
     )::jsonb),
    (:told_case_id, 'case.accepted', 'cases/' || :case_id::text, now(), now(),
     'agents/agent-' || :client_id::text, null, :trace,
     format(
        '{"case": "%s","number": "%s","site": "site-%s","time_zone": "Asia/Shanghai","contact": "%s",'
        '"channel": "HOTLINE","kind": "FAULT","category": "public-lighting","district": "grid-07","severity": "NORMAL",'
        '"handling": "DISPATCH","state": "RECEIVED","customer": null,"first_responsible_agent": "agent-%s","unit": null,'
        '"resolved_at_desk": false,"satisfaction": null,"reopen_count": 0,"accepted_at": %s,"first_resolved_at": null,'
        '"resolved_at": null,"informed_at": null,"closed_at": null,"hold_reason": null,"held_at": null,"held_seconds": 0.0,'
        '"previous_first_responsible_agent": null,"duplicate_of": null,"incident": null,"lead": null,"work_round": 0}',
        :case_id::text, :number::text, :site::text, :contact_id::text, :client_id::text, :moment::text
     )::jsonb);

insert into intake.idempotency_keys (actor, method, request_id, request_hash, response, created_at)
values
    ('agents/agent-' || :client_id::text, 'AcceptCase',
     (lpad(to_hex(:request_high::bigint), 16, '0') || lpad(to_hex(:request_low::bigint), 16, '0'))::uuid,
     decode(lpad(to_hex(:request_low::bigint), 64, '0'), 'hex'),
     format(
        '{"id": "%s","site": "site-%s","number": "%s","contact": "%s","channel": "HOTLINE","kind": "FAULT",'
        '"category": "public-lighting","title": "%5$s栋2单元楼道照明不亮",'
        '"description": "%5$s栋2单元三层至五层楼道灯不亮三天,疑似线路故障,客户要求当天上门并电话答复。",'
        '"district": "grid-07","address": "锦绣花园%5$s栋2单元","severity": "NORMAL","handling": "DISPATCH",'
        '"external_reference": null,"state": "RECEIVED","customer": null,"first_responsible_agent": "agent-%6$s",'
        '"unit": null,"resolution": null,"resolved_at_desk": false,"satisfaction": null,"reopen_count": 0,'
        '"accepted_at": %7$s,"first_resolved_at": null,"resolved_at": null,"informed_at": null,"inform_channel": null,'
        '"inform_note": null,"closed_at": null,"updated_at": %7$s,"reason": null,"hold": null,'
        '"held_seconds": 0.0,"version": 1,"following": {"duplicate_of": null,"incident": null,"lead": null,"stood": null,'
        '"work_round": 0}}',
        :case_id::text, :site::text, :number::text, :contact_id::text, :house::text, :client_id::text, :moment::text
     )::jsonb,
     now());

commit;
