//! The partitions of AWS and their regions, as far as they are known today, and what becomes of a
//! name that is none of them: a new region is accepted, a slip of the pen is not.
//!
//! Source: `partitions.json` and `endpoints.json` of botocore.

/// A partition of AWS.
#[derive(Debug)]
pub struct Partition {
    /// Its name in ARNs.
    pub name: &'static str,
    /// Where its global services are asked (`implicitGlobalRegion`).
    pub global: &'static str,
    /// What its services' names end with.
    pub suffix: &'static str,
    /// The same for hosts that are also reached by IPv6.
    pub dual_suffix: &'static str,
    /// What the names of its regions begin with; nothing for the commercial one.
    prefix: &'static str,
    /// Its regions.
    regions: &'static [&'static str],
}

impl Partition {
    /// Its regions, as far as they are known today.
    pub fn regions(&self) -> &'static [&'static str] {
        self.regions
    }
}

/// All of them; the commercial one is the last, for its regions have no beginning in common.
const PARTITIONS: &[Partition] = &[
    Partition {
        name: "aws-cn",
        global: "cn-northwest-1",
        suffix: "amazonaws.com.cn",
        dual_suffix: "api.amazonwebservices.com.cn",
        prefix: "cn-",
        regions: &["cn-north-1", "cn-northwest-1"],
    },
    Partition {
        name: "aws-us-gov",
        global: "us-gov-west-1",
        suffix: "amazonaws.com",
        dual_suffix: "api.aws",
        prefix: "us-gov-",
        regions: &["us-gov-east-1", "us-gov-west-1"],
    },
    Partition {
        name: "aws-eusc",
        global: "eusc-de-east-1",
        suffix: "amazonaws.eu",
        dual_suffix: "api.amazonwebservices.eu",
        prefix: "eusc-",
        regions: &["eusc-de-east-1"],
    },
    Partition {
        name: "aws-iso",
        global: "us-iso-east-1",
        suffix: "c2s.ic.gov",
        dual_suffix: "api.aws.ic.gov",
        prefix: "us-iso-",
        regions: &["us-iso-east-1", "us-iso-west-1"],
    },
    Partition {
        name: "aws-iso-b",
        global: "us-isob-east-1",
        suffix: "sc2s.sgov.gov",
        dual_suffix: "api.aws.scloud",
        prefix: "us-isob-",
        regions: &["us-isob-east-1", "us-isob-west-1"],
    },
    Partition {
        name: "aws-iso-e",
        global: "eu-isoe-west-1",
        suffix: "cloud.adc-e.uk",
        dual_suffix: "api.cloud-aws.adc-e.uk",
        prefix: "eu-isoe-",
        regions: &["eu-isoe-west-1"],
    },
    Partition {
        name: "aws-iso-f",
        global: "us-isof-south-1",
        suffix: "csp.hci.ic.gov",
        dual_suffix: "api.aws.hci.ic.gov",
        prefix: "us-isof-",
        regions: &["us-isof-east-1", "us-isof-south-1"],
    },
    Partition {
        name: "aws",
        global: "us-east-1",
        suffix: "amazonaws.com",
        dual_suffix: "api.aws",
        prefix: "",
        regions: &[
            "af-south-1",
            "ap-east-1",
            "ap-east-2",
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-northeast-3",
            "ap-south-1",
            "ap-south-2",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-southeast-3",
            "ap-southeast-4",
            "ap-southeast-5",
            "ap-southeast-6",
            "ap-southeast-7",
            "ca-central-1",
            "ca-west-1",
            "eu-central-1",
            "eu-central-2",
            "eu-north-1",
            "eu-south-1",
            "eu-south-2",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "il-central-1",
            "me-central-1",
            "me-south-1",
            "me-west-1",
            "mx-central-1",
            "sa-east-1",
            "sa-west-1",
            "us-east-1",
            "us-east-2",
            "us-west-1",
            "us-west-2",
        ],
    },
];

/// The words by which AWS places its regions.
const DIRECTIONS: &[&str] = &[
    "central",
    "east",
    "north",
    "northeast",
    "northwest",
    "south",
    "southeast",
    "southwest",
    "west",
];

/// The partition of a name as ARNs have it; the commercial one for a name that is not known.
pub fn partition(name: &str) -> &'static Partition {
    let own = PARTITIONS.iter().find(|partition| partition.name == name);
    own.unwrap_or(commercial())
}

/// The partition that a region is in, by what its name begins with.
pub fn partition_of(region: &str) -> &'static Partition {
    let own = PARTITIONS.iter().find(|own| region.starts_with(own.prefix));
    own.unwrap_or(commercial())
}

/// The regions that are known of the partition that a region is in, as a baseline lists them.
pub fn listed_beside(region: &str) -> String {
    format!("{:?}", partition_of(region).regions)
}

fn commercial() -> &'static Partition {
    &PARTITIONS[PARTITIONS.len() - 1]
}

/// Makes sure that a text is, or may be, the name of a region: one that is known, or a new one.
///
/// # Errors
/// Why it is none, and which was meant.
pub fn check(name: &str) -> Result<(), String> {
    if known().any(|known| known == name) {
        return Ok(());
    }
    let zone = name.strip_suffix(|c: char| c.is_ascii_lowercase());
    if let Some(region) = zone.filter(|region| known().any(|known| known == *region)) {
        return Err(format!("'{name}' is an availability zone, its region is '{region}'"));
    }
    if is_well_formed(name) && !is_slip(name) {
        return Ok(());
    }
    let text = format!("there is no region '{name}'");
    Err(match nearest(name) {
        Some(known) => format!("{text}: did you mean '{known}'?"),
        None => format!("{text}; write it as in 'eu-west-1'"),
    })
}

/// What is wrong with a name that is a known region with a slip in it; nothing for any other name.
pub fn slip(name: &str) -> Option<String> {
    let is_near = nearest(name).is_some();
    check(name).err().filter(|_| is_near)
}

fn known() -> impl Iterator<Item = &'static str> {
    PARTITIONS.iter().flat_map(|partition| partition.regions.iter().copied())
}

/// Two words or more, then a number.
fn is_well_formed(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match parts.as_slice() {
        [words @ .., last] => words.len() >= 2 && words.iter().all(is_word) && is_number(last),
        [] => false,
    }
}

/// Whether a name of the right form is a known one with a slip in it, and not that of a new region:
/// a direction that is misspelt, a beginning that is one letter away, a number of two digits.
fn is_slip(name: &str) -> bool {
    let mut parts = name.rsplitn(3, '-');
    let (number, direction) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let start = parts.next().unwrap_or("");
    let known_start = known().any(|known| known.rsplitn(3, '-').nth(2) == Some(start));
    let far = |a: &str, b: &str| strsim::damerau_levenshtein(a, b);
    let misspelt = !DIRECTIONS.contains(&direction)
        && DIRECTIONS.iter().any(|known| far(known, direction) <= 2);
    number.len() > 1
        || number == "0"
        || misspelt
        || (!known_start && known().any(|known| far(known, name) <= 1))
}

fn nearest(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase().replace(['_', ' '], "-");
    let far = |known: &str| strsim::damerau_levenshtein(known, &lower);
    let comparable = name.len() <= 32;
    let near = known().filter(|_| comparable).map(|known| (far(known), known));
    near.min().filter(|(far, _)| *far <= 3).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_regions_and_new_ones_are_accepted() {
        for name in known() {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        for new in [
            "us-east-3",
            "eu-east-1",
            "nz-south-1",
            "ap-southeast-9",
            "us-gov-central-1",
            "eusc-de-west-1",
            "eusc-fr-west-1",
        ] {
            assert_eq!(check(new), Ok(()), "{new}");
        }
    }

    #[test]
    fn slips_are_told_with_what_was_meant() {
        for (slip, meant) in [
            ("eu-wset-1", "'eu-west-1'?"),
            ("eu-west1", "'eu-west-1'?"),
            ("euwest-1", "'eu-west-1'?"),
            ("EU-WEST-1", "'eu-west-1'?"),
            ("eu_west_1", "'eu-west-1'?"),
            ("uk-west-1", "'us-west-1'?"),
            ("us-esat-1", "'us-east-1'?"),
            ("us-east-11", "'us-east-1'?"),
            ("us-east-0", "'us-east-"),
            ("ap-notheast-1", "'ap-northeast-1'?"),
            ("us-east-1a", "its region is 'us-east-1'"),
            ("Ireland", "as in 'eu-west-1'"),
            ("", "as in 'eu-west-1'"),
        ] {
            let told = check(slip).expect_err(slip);
            assert!(told.ends_with(meant) || told.contains(meant), "{told}");
        }
    }

    #[test]
    fn every_region_is_of_one_partition_which_knows_where_it_is_global() {
        for partition in PARTITIONS {
            for region in partition.regions {
                assert_eq!(partition_of(region).name, partition.name);
            }
            assert!(partition.regions.contains(&partition.global));
            assert_eq!(super::partition(partition.name).name, partition.name);
        }
        assert_eq!(partition_of("ap-mars-1").name, "aws");
    }
}
