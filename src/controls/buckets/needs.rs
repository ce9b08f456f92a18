//! What has to be read, and may be written, of a bucket for what is asked of it.

use super::guards::Guard;
use super::settings::Wanted;
use super::values::Encryption;

impl Wanted<'_> {
    /// Of each guardrail that is a statement, whether it is on, if it is asked for or taken back.
    fn statements(&self) -> [Option<bool>; 6] {
        fn is_on<T>(guard: Option<&Guard<T>>) -> Option<bool> {
            guard.map(|guard| guard.on().is_some())
        }
        [
            is_on(self.ssl_only),
            is_on(self.minimum_tls),
            is_on(self.only_from),
            is_on(self.presigned_max_age),
            is_on(self.delete_requires_mfa),
            is_on(self.encrypted_uploads),
        ]
    }

    /// Whether a guardrail that is a statement is taken back.
    pub fn takes_statements_back(&self) -> bool {
        self.statements().contains(&Some(false))
    }

    /// Whether the policy may have to be written.
    pub fn writes_policy(&self) -> bool {
        self.statements().iter().any(Option::is_some) || self.prune_deleted_principals.is_some()
    }

    /// Whether the policy must be read.
    pub fn reads_policy(&self) -> bool {
        self.writes_policy() || self.shared_with.is_some() || self.sound_policy.is_some()
    }

    /// Whether what is asked for would end deliveries of logs to the bucket, which its policy tells.
    pub fn ends_deliveries(&self) -> bool {
        matches!(self.encryption, Some(Encryption::Kms(_))) || self.object_lock.is_some()
    }

    /// Whether the public access block must be read.
    pub fn reads_public_access(&self) -> bool {
        self.public_access_block.is_some() || self.private.is_some()
    }

    /// Whether the default encryption must be read, which uploads are held to.
    pub fn reads_encryption(&self) -> bool {
        let uploads = self.encrypted_uploads.is_some_and(|own| own.on().is_some());
        self.encryption.is_some() || uploads
    }

    /// Whether the ACL must be read, by which logs may be delivered that would end.
    pub fn reads_ownership(&self) -> bool {
        self.ownership.is_some() || self.only_from.is_some_and(|own| own.on().is_some())
    }

    /// Whether the lifecycle rules must be read.
    pub fn reads_rules(&self) -> bool {
        self.noncurrent_days.is_some() || self.abort_incomplete_uploads_days.is_some()
    }

    /// Whether the versioning must be read.
    pub fn reads_versioning(&self) -> bool {
        self.reads_rules()
            || self.versioning.is_some()
            || self.mfa_delete.is_some()
            || self.object_lock.is_some()
    }
}
