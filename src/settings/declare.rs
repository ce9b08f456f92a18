//! The macros that declare tables, words and texts.

/// Declares a table: one row makes the field, its default, and all that is said about the key.
///
/// ```ignore
/// settings! {
///     /// The table `[password_policy]`.
///     pub struct Settings {
///         /// How long a password must be.
///         #[range(6..=128)]
///         minimum_length: Managed<AtLeast<i32>> = 14,
///     }
/// }
/// ```
///
/// `struct Alert: More` says that a longer list of such tables protects more.
///
/// The doc comment is what `explain` says: Markdown. The default is one token of TOML; `unmanaged`
/// stands for the word of the baseline, `none` for a key that may be left out, and a row without a
/// default is required. `name as "key"` gives the key another name than the field. Attributes, in
/// this order, all of them optional:
///
/// - `says(LINES)`: the doc comment, where several tables have the key;
/// - `range(6..=128)`: the numbers that are taken;
/// - `breaks("…")`: what may stop working when it takes effect;
/// - `costs`: AWS charges more when it changes;
/// - `only_with(fn)`: for which new values both of that is so;
/// - `shown_as("…")`: its name in differences;
/// - `created("…")`: what holds without the key for what baseline created;
/// - `example("…", "…")`: ways to write it, where its type and its default do not say enough.
#[macro_export]
macro_rules! settings {
    (
        $(#[$meta:meta])*
        $vis:vis struct $table:ident $(: $listed:ident)? {$(
            $(#[doc = $doc:literal])*
            $(#[says($says:expr)])?
            $(#[range($range:expr)])?
            $(#[breaks($breaks:expr)])?
            $(#[costs $($costs:tt)*])?
            $(#[only_with($only_with:expr)])?
            $(#[shown_as($shown_as:literal)])?
            $(#[created($created:literal)])?
            $(#[example($($example:literal),+)])?
            $field_vis:vis $field:ident $(as $key:literal)?: $type:ty $(= $default:tt)?
        ),* $(,)?}
    ) => {
        $(#[$meta])*
        #[derive(Debug)]
        $vis struct $table {
            $($(#[doc = $doc])* $field_vis $field: $type,)*
        }

        impl $crate::settings::Takes for $table {
            $(const LISTED: $crate::settings::Stricter = $crate::settings::Stricter::$listed;)?
            const KEYS: &'static [$crate::settings::Setting] = $crate::keys! {$(
                $(#[doc = $doc])*
                $(#[says($says)])?
                $(#[range($range)])?
                $(#[breaks($breaks)])?
                $(#[costs $($costs)*])?
                $(#[only_with($only_with)])?
                $(#[shown_as($shown_as)])?
                $(#[created($created)])?
                $(#[example($($example),+)])?
                $field $(as $key)?: $type $(= $default)?,
            )*};

            fn schema() -> serde_json::Value {
                $crate::settings::schema::table(Self::KEYS)
            }

            fn out_of_range(&self, path: &str, found: &mut Vec<(String, String)>) {
                $({
                    let name = $crate::keys!(@name $field $($key)?);
                    let path = $crate::settings::joined(path, name);
                    $(if let Some(text) = $crate::settings::Takes::number(&self.$field)
                        .and_then(|number| $crate::settings::misfit(number, &$range))
                    {
                        found.push((path.clone(), text));
                    })?
                    $crate::settings::Takes::out_of_range(&self.$field, &path, found);
                })*
            }
        }

        const _: () = {
            /// The table as it is written.
            #[derive(serde::Deserialize)]
            #[serde(deny_unknown_fields)]
            struct Written {
                $(
                    $(#[serde(rename = $key)])?
                    $field: $crate::settings!(@written $type $(, $default)?),
                )*
            }

            impl<'de> serde::Deserialize<'de> for $table {
                fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    let written = Written::deserialize(from)?;
                    Ok(Self {
                        $($field: $crate::settings!(@value written.$field $(, $default)?),)*
                    })
                }
            }
        };
    };
    (@written $type:ty) => { $type };
    (@written $type:ty, $default:tt) => { Option<$type> };
    (@value $written:expr) => { $written };
    (@value $written:expr, none) => { $written.unwrap_or_default() };
    (@value $written:expr, unmanaged) => { $written.unwrap_or_default() };
    (@value $written:expr, $default:tt) => {
        $written.unwrap_or_else(|| $crate::settings::value(stringify!($default)))
    };
}

/// The keys of a table in the rows of [`settings!`](crate::settings!), for a type that is read in
/// its own way.
#[macro_export]
macro_rules! keys {
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $key:literal) => { $key };
    (@otherwise) => { $crate::settings::Otherwise::Required };
    (@otherwise none) => { $crate::settings::Otherwise::Nothing };
    (@otherwise unmanaged) => { $crate::settings::Otherwise::Is("\"unmanaged\"") };
    (@otherwise $default:tt) => { $crate::settings::Otherwise::Is(stringify!($default)) };
    ($(
        $(#[doc = $doc:literal])*
        $(#[says($says:expr)])?
        $(#[range($range:expr)])?
        $(#[breaks($breaks:expr)])?
        $(#[costs $($costs:tt)*])?
        $(#[only_with($only_with:expr)])?
        $(#[shown_as($shown_as:literal)])?
        $(#[created($created:literal)])?
        $(#[example($($example:literal),+)])?
        $field:ident $(as $key:literal)?: $type:ty $(= $default:tt)?
    ),* $(,)?) => {
        &[$(
            $crate::settings::Setting::new::<$type>(
                $crate::keys!(@name $field $($key)?),
                &[$($doc),*],
                $crate::keys!(@otherwise $($default)?),
            )
            $(.says($says))?
            $(.range($range))?
            $(.breaks($breaks))?
            $(.costs($($costs)*))?
            $(.only_with($only_with))?
            $(.shown_as($shown_as))?
            $(.created($created))?
            $(.examples(&[$($example),+]))?,
        )*]
    };
}

/// Declares the words that a key takes: one row a word. What stands behind an arrow is AWS's word
/// for it, and says that the later ones protect more.
///
/// ```ignore
/// words! {
///     /// How often a recorder looks.
///     pub enum Frequency {
///         /// Once a day.
///         Daily = "daily" => "DAILY",
///         /// With every change.
///         Continuous = "continuous" => "CONTINUOUS",
///     }
/// }
/// ```
#[macro_export]
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident $(: $listed:ident)? {$(
            $(#[$variant_meta:meta])*
            $variant:ident = $word:literal $(=> $rank:literal)?
        ),* $(,)?}
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
        $vis enum $name {$(
            $(#[$variant_meta])*
            #[serde(rename(deserialize = $word))]
            $variant,
        )*}

        $crate::words!(@ranks $name $($variant $($rank)?),*);

        impl $crate::settings::Words for $name {
            const ALL: &'static [(Self, &'static str)] = &[$((Self::$variant, $word)),*];
        }

        impl $crate::settings::Takes for $name {
            $(const LISTED: $crate::settings::Stricter = $crate::settings::Stricter::$listed;)?
            const STRICTER: $crate::settings::Stricter =
                $crate::settings::Stricter::by_rank(Self::RANKS);
            const RANKS: &'static [&'static str] = &[$($($rank,)?)*];
            const EXAMPLES: &'static [&'static str] = &[$(concat!("\"", $word, "\"")),*];

            fn schema() -> serde_json::Value {
                serde_json::json!({ "enum": [$($word),*] })
            }
        }
    };
    (@ranks $name:ident $($variant:ident $rank:literal),*) => {
        impl $crate::settings::Ranked for $name {
            const WORDS: &'static [(Self, &'static str)] = &[$((Self::$variant, $rank)),*];
        }
    };
    (@ranks $name:ident $($variant:ident),*) => {};
}

/// Declares types that are written as texts, each with the pattern of it where one helps editors.
#[macro_export]
macro_rules! texts {
    ($($name:ty $(: $pattern:literal)?),* $(,)?) => {$(
        impl $crate::settings::Takes for $name {
            fn schema() -> serde_json::Value {
                serde_json::json!({ "type": "string", $("pattern": $pattern)? })
            }
        }
    )*};
}
