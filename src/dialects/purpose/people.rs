//! Users.

use tolmach_purpose::{Answer, UserInfo};

use super::adapter::PurposeAdapter;
use super::infos::user_info;
use crate::commands;
use crate::gateway::RequestContext;
use crate::model::{Error, Result, UserId, UserSelector};

impl PurposeAdapter {
    pub(super) async fn user_id(
        &self,
        name: &str,
        cx: &mut RequestContext<'_>,
    ) -> Result<Answer<String>> {
        let user = find_user(UserSelector::Login(name.to_owned()), cx).await?;
        Ok(Answer::UserId(user.id))
    }

    pub(super) async fn user(
        &self,
        user: UserSelector,
        cx: &mut RequestContext<'_>,
    ) -> Result<Answer<String>> {
        let user = find_user(user, cx).await?;
        Ok(Answer::User(user))
    }

    pub(super) async fn own_user(&self, cx: &mut RequestContext<'_>) -> Result<Answer<String>> {
        let own = cx.session.user().ok_or(Error::Unauthenticated)?.id;
        let user = UserSelector::Id(own);
        let user = cx.session.call(commands::FindUser { user }).await?;
        Ok(Answer::OwnUser {
            user: user_info(&user.to_ref()),
            description: user.description.clone(),
        })
    }
}

/// A user, or the gateway, whose messages bear its id too: 0, with the configured `name`.
async fn find_user(user: UserSelector, cx: &mut RequestContext<'_>) -> Result<UserInfo<String>> {
    let options = cx.session.options();
    let gateway = &options.name;
    let is_gateway = match &user {
        UserSelector::Id(id) => *id == UserId::GATEWAY,
        UserSelector::Login(login) => login.to_lowercase() == gateway.to_lowercase(),
    };
    if is_gateway {
        return Ok(UserInfo {
            id: UserId::GATEWAY.0,
            name: gateway.clone(),
            nickname: gateway.clone(),
        });
    }
    let user = cx.session.call(commands::FindUser { user }).await?;
    Ok(user_info(&user.to_ref()))
}
