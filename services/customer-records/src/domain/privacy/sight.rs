//! Which role sees which field of a customer in clear, and may unmask the others for which purpose: the one table.
//!
//! | role | sees in clear | because | may unmask for |
//! |---|---|---|---|
//! | agent, supervisor | all | they serve customers, call them back and write to them | a supervisor: a subject's request |
//! | service | all | intake recognises callers with it, and each service masks for its own callers | |
//! | dispatcher | addresses | they route by place | a field visit |
//! | technician, department | nothing | the case tells what to do | a field visit |
//! | manager | names | they talk about customers, not with them | a complaint, a subject's request, a legal duty |
//! | administrator | names | they set up, and mend what is wrong | a complaint, data repair |
//! | analyst, customer | nothing | figures need no names | |
//!
//! Who has several roles sees what any of them sees.

use kexiang_core::{
    Role::{
        self, Administrator, Agent, Analyst, Customer, Department, Dispatcher, Manager, Service, Supervisor,
        Technician,
    },
    Roles,
};

use super::{
    PersonalField::{self, Address, Email, Messaging, Name, Phone},
    UnmaskPurpose,
};

const ALL: &[PersonalField] = &[Name, Phone, Email, Address, Messaging];

const IN_CLEAR: [(Role, &[PersonalField]); 10] = [
    (Agent, ALL),
    (Supervisor, ALL),
    (Service, ALL),
    (Dispatcher, &[Address]),
    (Technician, &[]),
    (Department, &[]),
    (Manager, &[Name]),
    (Administrator, &[Name]),
    (Analyst, &[]),
    (Customer, &[]),
];

const MAY_UNMASK: [(UnmaskPurpose, &[Role]); 5] = [
    (UnmaskPurpose::FieldVisit, &[Dispatcher, Technician, Department]),
    (UnmaskPurpose::Complaint, &[Manager, Administrator]),
    (UnmaskPurpose::SubjectRequest, &[Supervisor, Manager]),
    (UnmaskPurpose::LegalDuty, &[Manager]),
    (UnmaskPurpose::DataRepair, &[Administrator]),
];

/// The fields that somebody sees in clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight(Vec<PersonalField>);

impl Sight {
    /// What callers with these roles see.
    #[must_use]
    pub fn of(roles: Roles) -> Self {
        let seen = |field: &PersonalField| {
            IN_CLEAR.iter().any(|(role, fields)| roles.contains(*role) && fields.contains(field))
        };
        Self(PersonalField::ALL.into_iter().filter(seen).collect())
    }

    /// The same, and these fields.
    #[must_use]
    pub fn and(mut self, fields: &[PersonalField]) -> Self {
        self.0.extend(fields);
        self
    }

    /// Whether a field is seen in clear.
    #[must_use]
    pub fn sees(&self, field: PersonalField) -> bool {
        self.0.contains(&field)
    }
}

/// Whether callers with these roles may unmask for this purpose.
#[must_use]
pub fn may_unmask(roles: Roles, purpose: UnmaskPurpose) -> bool {
    MAY_UNMASK.iter().any(|(allowed, whose)| *allowed == purpose && roles.any_of(whose))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_and_every_purpose_has_its_line() {
        assert!(Role::ALL.iter().all(|role| IN_CLEAR.iter().filter(|(line, _)| line == role).count() == 1));
        assert!(UnmaskPurpose::ALL.iter().all(|purpose| MAY_UNMASK.iter().any(|(line, _)| line == purpose)));
    }

    #[test]
    fn roles_add_up() {
        let both = Sight::of(Roles::of(&[Manager, Dispatcher]));

        assert_eq!(PersonalField::ALL.map(|field| both.sees(field)), [true, false, false, true, false]);
        assert!(!Sight::of(Roles::of(&[Analyst])).sees(Name));
        assert!(Sight::of(Roles::of(&[Analyst])).and(&[Name]).sees(Name));
    }

    #[test]
    fn a_purpose_is_for_its_roles_alone() {
        assert!(may_unmask(Roles::of(&[Technician]), UnmaskPurpose::FieldVisit));
        assert!(!may_unmask(Roles::of(&[Technician]), UnmaskPurpose::Complaint));
        assert!(UnmaskPurpose::ALL.iter().all(|purpose| !may_unmask(Roles::of(&[Analyst]), *purpose)));
    }
}
