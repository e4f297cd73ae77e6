//! Users.

use tolmach_purpose::Answer;

use super::adapter::PurposeAdapter;
use super::infos::user_info;
use crate::gateway::Link;
use crate::model::{Command, Error, Reply, Result, User, UserSelector};

impl PurposeAdapter {
    pub(super) async fn user_id(&self, name: &str, link: &mut Link<'_>) -> Result<Answer<String>> {
        let user = find_user(UserSelector::Login(name.to_owned()), link).await?;
        Ok(Answer::UserId(user.id.0))
    }

    pub(super) async fn user(
        &self,
        user: UserSelector,
        link: &mut Link<'_>,
    ) -> Result<Answer<String>> {
        let user = find_user(user, link).await?;
        Ok(Answer::User(user_info(&user.to_ref())))
    }

    pub(super) fn own_user(&self, link: &Link<'_>) -> Result<Answer<String>> {
        let user = link.session.user().ok_or(Error::Unauthenticated)?;
        Ok(Answer::OwnUser {
            user: user_info(&user.to_ref()),
            description: user.description.clone(),
        })
    }
}

async fn find_user(user: UserSelector, link: &mut Link<'_>) -> Result<std::sync::Arc<User>> {
    match link.session.call(Command::FindUser { user }).await? {
        Reply::User(user) => Ok(user),
        _ => Err(Error::Internal),
    }
}
