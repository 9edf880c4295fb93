//! Rules of ownership: made, replaced, deleted, listed. Changes take turns, so that each selection has one rule.

use kexiang_core::{Call, OwnershipRuleId};
use kexiang_events::Draft;
use kexiang_pg::Claim;

use super::OwnershipRefusal;
use crate::{
    app::{App, IDEMPOTENCY},
    domain::ownership::policy::{Rule, Selector, Terms},
    store::ownership_rules,
};

impl App {
    /// Makes the rule of a selector, or replaces its terms. `etag` is the version that the caller saw, if given.
    ///
    /// # Errors
    /// [`OwnershipRefusal::RuleEtagMismatch`].
    #[tracing::instrument(name = "app.set_ownership_rule", skip_all)]
    pub async fn set_ownership_rule(
        &self,
        call: &Call,
        selector: Selector,
        terms: Terms,
        etag: Option<i64>,
    ) -> Result<Rule, OwnershipRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(rule) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(rule);
        }
        ownership_rules::take_turn(&mut tx).await?;
        let rules = ownership_rules::list(&mut tx, None, i64::MAX).await?;
        let before = rules.into_iter().find(|rule| rule.selector == selector);
        let version = before.as_ref().map_or(0, |rule| rule.version);
        let rule_id = before.map_or_else(|| OwnershipRuleId::at(now), |rule| rule.rule_id);
        if etag.is_some_and(|etag| etag != version) {
            return Err(OwnershipRefusal::RuleEtagMismatch(rule_id));
        }
        let rule = Rule { rule_id, selector, terms, updated_at: now, version: version + 1 };
        ownership_rules::upsert(&mut tx, &rule).await?;
        let set = Draft::new("ownership_rule.set", rule_id.name(), now, &rule)?;
        self.log.append(&mut tx, call, now, &[set]).await?;
        IDEMPOTENCY.save(&mut tx, call, &rule).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(rule)
    }

    /// Deletes a rule.
    ///
    /// # Errors
    /// [`OwnershipRefusal::RuleNotFound`], [`OwnershipRefusal::RuleEtagMismatch`].
    #[tracing::instrument(name = "app.delete_ownership_rule", skip_all)]
    pub async fn delete_ownership_rule(
        &self,
        call: &Call,
        id: OwnershipRuleId,
        etag: Option<i64>,
    ) -> Result<Rule, OwnershipRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(rule) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(rule);
        }
        ownership_rules::take_turn(&mut tx).await?;
        let rules = ownership_rules::list(&mut tx, None, i64::MAX).await?;
        let rule = rules.into_iter().find(|rule| rule.rule_id == id);
        let rule = rule.ok_or(OwnershipRefusal::RuleNotFound(id))?;
        if etag.is_some_and(|etag| etag != rule.version) {
            return Err(OwnershipRefusal::RuleEtagMismatch(id));
        }
        ownership_rules::delete(&mut tx, id).await?;
        let deleted = Draft::new("ownership_rule.deleted", id.name(), now, &rule)?;
        self.log.append(&mut tx, call, now, &[deleted]).await?;
        IDEMPOTENCY.save(&mut tx, call, &rule).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(rule)
    }

    /// Rules newer than `after`, oldest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_ownership_rules", skip_all)]
    pub async fn list_ownership_rules(
        &self,
        after: Option<OwnershipRuleId>,
        limit: i64,
    ) -> Result<Vec<Rule>, OwnershipRefusal> {
        let mut conn = self.pool.acquire().await?;
        Ok(ownership_rules::list(&mut conn, after, limit).await?)
    }
}
