//! What is told about a control: to people, and to the passes over its proposals.

use super::Places;
use crate::aws::Operation;
use crate::settings::Setting;

/// What people and the engine are told about a control.
#[derive(Debug)]
pub struct About {
    /// The name of its table.
    pub name: &'static str,
    /// What it looks after, in a few words.
    pub title: &'static str,
    /// Why it exists.
    pub why: &'static str,
    /// Where it looks.
    pub places: Places,
    /// Its settings.
    pub settings: &'static [Setting],
    /// What it satisfies.
    pub satisfies: &'static [Reference],
    /// What AWS charges.
    pub cost: Cost,
    /// The API operations, reads first.
    pub operations: &'static [Operation],
}

impl About {
    /// The setting that a field of a difference belongs to: that of the last of its names that a
    /// setting has.
    pub fn setting(&self, field: &str) -> Option<&'static Setting> {
        let named = |name: &str| self.settings.iter().find(|s| s.field() == name);
        field.rsplit('.').find_map(named)
    }
}

/// A requirement of a published standard, with our own short label.
#[derive(Debug)]
pub struct Reference {
    /// The standard.
    pub standard: Standard,
    /// Its number there.
    pub id: &'static str,
    /// Our label.
    pub label: &'static str,
}

impl Reference {
    /// Of [`Standard::Cis3`].
    pub const fn cis3(id: &'static str, label: &'static str) -> Self {
        Self { standard: Standard::Cis3, id, label }
    }

    /// Of [`Standard::Cis7`].
    pub const fn cis7(id: &'static str, label: &'static str) -> Self {
        Self { standard: Standard::Cis7, id, label }
    }

    /// Of [`Standard::Fsbp`].
    pub const fn fsbp(id: &'static str, label: &'static str) -> Self {
        Self { standard: Standard::Fsbp, id, label }
    }

    /// Of [`Standard::NistCsf`].
    pub const fn nist_csf(id: &'static str, label: &'static str) -> Self {
        Self { standard: Standard::NistCsf, id, label }
    }

    /// Of [`Standard::WellArchitected`].
    pub const fn well_architected(id: &'static str, label: &'static str) -> Self {
        Self { standard: Standard::WellArchitected, id, label }
    }

    /// Of [`Standard::StartupSecurityBaseline`].
    pub const fn startup_security(id: &'static str, label: &'static str) -> Self {
        Self { standard: Standard::StartupSecurityBaseline, id, label }
    }
}

/// The standards that controls refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    /// CIS AWS Foundations Benchmark 3.0.
    Cis3,
    /// CIS AWS Foundations Benchmark 7.0.
    Cis7,
    /// AWS Foundational Security Best Practices.
    Fsbp,
    /// NIST Cybersecurity Framework 2.0, the function.
    NistCsf,
    /// AWS Well-Architected Framework, the question of the security pillar.
    WellArchitected,
    /// AWS Startup Security Baseline, of AWS Prescriptive Guidance.
    StartupSecurityBaseline,
}

impl Standard {
    /// Its name.
    pub fn title(self) -> &'static str {
        match self {
            Standard::Cis3 => "CIS AWS Foundations 3.0",
            Standard::Cis7 => "CIS AWS Foundations 7.0",
            Standard::Fsbp => "AWS FSBP",
            Standard::NistCsf => "NIST CSF 2.0",
            Standard::WellArchitected => "Well-Architected",
            Standard::StartupSecurityBaseline => "AWS Startup Baseline",
        }
    }
}

/// What AWS charges for what a control switches on. US dollars, list prices of us-east-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Nothing.
    Free(&'static str),
    /// Something; the text says for what.
    Paid(&'static str),
    /// Something for the settings that say so, and nothing for the others.
    Partly(&'static str),
}

impl Cost {
    /// The sentence.
    pub fn text(self) -> &'static str {
        match self {
            Cost::Free(text) | Cost::Paid(text) | Cost::Partly(text) => text,
        }
    }
}
