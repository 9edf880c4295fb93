//! Random histories of merging against a plain model (CU-8): nothing is lost, nothing is doubled, and who is taken apart is as
//! if they had never been together. In the model nothing ever moves: everybody keeps what is theirs, and points at who answers.

use std::collections::{BTreeSet, HashMap};

use kexiang_proto::customers_v1::contact_point::Kind;
use kexiang_proto::intake_v1::Caller;

use crate::{
    center::{Center, START},
    merge_desk::{contacts_of, desk, merging, try_unmerge},
    wire::{caller, contact},
};

#[derive(Default)]
struct Model {
    /// Contact points and number of contacts of each, in the order of their making.
    own: Vec<(String, BTreeSet<String>, i64)>,
    /// Who answers for whom.
    merged: HashMap<usize, usize>,
    /// Merges that stand: name, survivor, loser.
    merges: Vec<(String, usize, usize)>,
}

impl Model {
    fn survivor(&self, mut of: usize) -> usize {
        while let Some(survivor) = self.merged.get(&of) {
            of = *survivor;
        }
        of
    }

    async fn check(&self, center: &Center) {
        for (index, (name, ..)) in
            self.own.iter().enumerate().filter(|(index, _)| !self.merged.contains_key(index))
        {
            let group =
                || self.own.iter().enumerate().filter(move |(other, _)| self.survivor(*other) == index);
            let points: BTreeSet<String> = group().flat_map(|(_, (_, points, _))| points.clone()).collect();
            let shown = center.get(name).await.contact_points;
            assert_eq!(shown.len(), points.len());
            assert_eq!(shown.into_iter().map(|point| point.value).collect::<BTreeSet<_>>(), points);
            assert_eq!(
                contacts_of(center, name).await,
                group().map(|(_, (.., contacts))| contacts).sum::<i64>()
            );
        }
    }
}

/// Knuth's generator: the same histories every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }
}

#[tokio::test]
async fn histories_of_merging_lose_and_double_nothing() {
    for seed in 1..=4 {
        let center = Center::open().await;
        let (mut model, mut dice) = (Model::default(), Dice(seed));
        for step in 0..50 {
            take_a_step(&center, &mut model, &mut dice, step).await;
        }
        model.check(&center).await;
        while let Some((name, _, loser)) = model.merges.pop() {
            try_unmerge(&center, &name).await.unwrap();
            model.merged.remove(&loser);
            model.check(&center).await;
        }
    }
}

async fn take_a_step(center: &Center, model: &mut Model, dice: &mut Dice, step: usize) {
    let count = model.own.len();
    match dice.roll(6) {
        _ if count < 2 => create(center, model, step).await,
        0 => create(center, model, step).await,
        1 | 2 => {
            let of = dice.roll(count);
            let phone = model.own[of].1.iter().find(|point| point.starts_with('+')).unwrap().clone();
            let email = format!("{step}@example.com");
            let brought = if dice.roll(2) == 0 { email.clone() } else { String::new() };
            center
                .intake
                .register(vec![contact(Caller { email: brought.clone(), ..caller("?", &phone) }, START)]);
            center.settle().await;
            model.own[of].2 += 1;
            if !brought.is_empty() {
                model.own[of].1.insert(email);
            }
        }
        3 | 4 => {
            let (one, other) = (model.survivor(dice.roll(count)), model.survivor(dice.roll(count)));
            if one != other {
                let request = merging(&model.own[one].0, &model.own[other].0);
                let merge = desk(center).merge_customers(request).await.unwrap().into_inner();
                model.merged.insert(other, one);
                model.merges.push((merge.name, one, other));
            }
        }
        _ => {
            let stands = model.merges.len();
            if stands == 0 {
                return;
            }
            let place = dice.roll(stands);
            let (name, survivor, loser) = model.merges[place].clone();
            let later =
                model.merges[place + 1..].iter().any(|(_, one, other)| [one, other].contains(&&survivor));
            assert_eq!(try_unmerge(center, &name).await.is_ok(), !later);
            if !later {
                model.merged.remove(&loser);
                model.merges.remove(place);
            }
        }
    }
}

async fn create(center: &Center, model: &mut Model, step: usize) {
    let phone = format!("+8613800138{step:03}");
    let customer = center.create(&format!("Customer {step}"), &[(Kind::Phone, &phone)]).await;
    model.own.push((customer.name, BTreeSet::from([phone]), 0));
}
