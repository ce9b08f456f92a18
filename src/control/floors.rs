//! Flat tables: every key is one field of the live state and one member of AWS's answer.

use crate::floor::{AtLeast, AtMost, lower, raise};
use crate::managed::Managed;

/// One key of such a table.
pub trait Bound {
    /// The value as it is live.
    type Live;

    /// What the live value has to become.
    fn settle(&self, live: &Self::Live) -> Self::Live;

    /// Whether a value protects less than another.
    fn is_looser(value: &Self::Live, than: &Self::Live) -> bool;
}

impl<T: Ord + Clone> Bound for Managed<AtLeast<T>> {
    type Live = T;

    fn settle(&self, live: &T) -> T {
        raise(self, live.clone())
    }

    fn is_looser(value: &T, than: &T) -> bool {
        value < than
    }
}

impl<T: Ord + Clone> Bound for Managed<AtMost<T>> {
    type Live = Option<T>;

    fn settle(&self, live: &Option<T>) -> Option<T> {
        lower(self, live.clone())
    }

    /// No limit is looser than any.
    fn is_looser(value: &Option<T>, than: &Option<T>) -> bool {
        than.as_ref().is_some_and(|than| value.as_ref().is_none_or(|value| value > than))
    }
}

/// Neither of the two is stricter.
impl Bound for Managed<bool> {
    type Live = bool;

    fn settle(&self, live: &bool) -> bool {
        self.unwrap_or(*live)
    }

    fn is_looser(_: &bool, _: &bool) -> bool {
        false
    }
}

/// How a live value is answered and sent.
pub trait OnWire: Sized {
    /// The member's type.
    type Member;

    /// The value of a member; `absent` is that of one that is missing.
    fn read(member: Self::Member, absent: Self) -> Self;

    /// The member that says it.
    fn sent(&self, absent: &Self) -> Self::Member;
}

impl OnWire for bool {
    type Member = Self;

    fn read(member: Self, _: Self) -> Self {
        member
    }

    fn sent(&self, _: &Self) -> Self {
        *self
    }
}

impl OnWire for i32 {
    type Member = Option<Self>;

    fn read(member: Option<Self>, absent: Self) -> Self {
        member.unwrap_or(absent)
    }

    fn sent(&self, absent: &Self) -> Option<Self> {
        Some(*self).filter(|number| number != absent)
    }
}

/// Zero is no limit either.
impl OnWire for Option<i32> {
    type Member = Self;

    fn read(member: Self, _: Self) -> Self {
        member.filter(|limit| *limit > 0)
    }

    fn sent(&self, _: &Self) -> Self {
        *self
    }
}

/// Declares such a table with its live state and its form on the wire. A row is one of
/// [`settings!`](crate::settings!), then what holds while nothing was ever set, the name of AWS's
/// member, and what a member that is absent stands for, where that is not "no" or nothing.
#[macro_export]
macro_rules! floors {
    (
        $(#[$($meta:tt)*])*
        $vis:vis struct $Table:ident => $Live:ident => $Wire:ident {$(
            $(#[$($attribute:tt)*])*
            $field:ident: $type:ty = $default:tt => $none:expr, $member:literal $(or $absent:expr)?;
        )*}
    ) => {
        $crate::settings! {
            $(#[$($meta)*])*
            $vis struct $Table {
                $($(#[$($attribute)*])* $field: $type = $default,)*
            }
        }

        /// The live state of the table.
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        $vis struct $Live {
            $($field: <$type as $crate::control::floors::Bound>::Live,)*
        }

        impl $Live {
            /// What holds while nothing was ever set.
            const NONE: Self = Self { $($field: $none,)* };

            /// What a table makes of it.
            fn settled(&self, by: &$Table) -> Self {
                Self { $($field: $crate::control::floors::Bound::settle(&by.$field, &self.$field),)* }
            }

            /// The fields in which it protects less than another.
            fn looser_than(&self, other: &Self) -> Vec<String> {
                let mut looser = Vec::new();
                $(if <$type as $crate::control::floors::Bound>::is_looser(&self.$field, &other.$field) {
                    looser.push(stringify!($field).to_owned());
                })*
                looser
            }
        }

        /// The live state as it is answered and sent.
        #[derive(Debug, serde::Serialize, serde::Deserialize)]
        struct $Wire {$(
            #[serde(rename = $member, default)]
            $field: <<$type as $crate::control::floors::Bound>::Live
                as $crate::control::floors::OnWire>::Member,
        )*}

        impl From<$Wire> for $Live {
            fn from(found: $Wire) -> Self {
                Self {$(
                    $field: $crate::control::floors::OnWire::read(
                        found.$field,
                        $crate::floors!(@absent $($absent)?),
                    ),
                )*}
            }
        }

        impl From<&$Live> for $Wire {
            fn from(wanted: &$Live) -> Self {
                Self {$(
                    $field: $crate::control::floors::OnWire::sent(
                        &wanted.$field,
                        &$crate::floors!(@absent $($absent)?),
                    ),
                )*}
            }
        }
    };
    (@absent) => { Default::default() };
    (@absent $absent:expr) => { $absent };
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    crate::floors! {
        /// A table.
        struct Table => Live => Wire {
            /// A number.
            least: Managed<AtLeast<i32>> = 14 => 8, "Least" or 6;
            /// A limit.
            most: Managed<AtMost<i32>> = unmanaged => None, "Most";
            /// A switch.
            on: Managed<AtLeast<bool>> = true => true, "On";
        }
    }

    fn live(least: i32, most: Option<i32>, on: bool) -> Live {
        Live { least, most, on }
    }

    #[test]
    fn a_member_that_is_absent_stands_for_a_value() {
        let read = |wire| Live::from(serde_json::from_value::<Wire>(wire).expect("an answer"));
        assert_eq!(read(json!({})), live(6, None, false));
        assert_eq!(read(json!({"Least": 9, "Most": 0, "On": true})), live(9, None, true));
        let sent = |live| crate::diff::to_value(&Wire::from(&live));
        assert_eq!(sent(live(6, Some(3), false)), json!({"Least": null, "Most": 3, "On": false}));
    }

    #[test]
    fn stricter_values_stay_and_looser_ones_are_named() {
        let table: Table = crate::settings::value("{ most = 90, on = false }");
        assert_eq!(live(20, Some(30), true).settled(&table), live(20, Some(30), true));
        assert_eq!(Live::NONE.settled(&table), live(14, Some(90), true));
        assert_eq!(live(6, None, false).looser_than(&Live::NONE), ["least", "on"]);
        assert_eq!(Live::NONE.looser_than(&live(8, Some(30), false)), ["most"]);
    }
}
