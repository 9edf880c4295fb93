//! Names of made-up customers, by their number: nine of ten in Chinese (180,000 different ones), one in Latin letters (2,400).
//! As among real people many share a name, so a search finds as many as it would in a center.

/// Surnames and how they are read.
const SURNAMES: [(char, &str); 50] = [
    ('王', "wang"),
    ('李', "li"),
    ('张', "zhang"),
    ('刘', "liu"),
    ('陈', "chen"),
    ('杨', "yang"),
    ('黄', "huang"),
    ('赵', "zhao"),
    ('周', "zhou"),
    ('徐', "xu"),
    ('孙', "sun"),
    ('马', "ma"),
    ('朱', "zhu"),
    ('胡', "hu"),
    ('郭', "guo"),
    ('何', "he"),
    ('林', "lin"),
    ('高', "gao"),
    ('罗', "luo"),
    ('郑', "zheng"),
    ('梁', "liang"),
    ('谢', "xie"),
    ('宋', "song"),
    ('唐', "tang"),
    ('许', "xu"),
    ('韩', "han"),
    ('邓', "deng"),
    ('冯', "feng"),
    ('曹', "cao"),
    ('彭', "peng"),
    ('肖', "xiao"),
    ('田', "tian"),
    ('董', "dong"),
    ('潘', "pan"),
    ('袁', "yuan"),
    ('蔡', "cai"),
    ('蒋', "jiang"),
    ('余', "yu"),
    ('于', "yu"),
    ('杜', "du"),
    ('叶', "ye"),
    ('程', "cheng"),
    ('魏', "wei"),
    ('苏', "su"),
    ('卢', "lu"),
    ('丁', "ding"),
    ('姚', "yao"),
    ('范', "fan"),
    ('方', "fang"),
    ('廖', "liao"),
];

/// Characters of given names and how they are read.
const GIVEN: [(char, &str); 60] = [
    ('小', "xiao"),
    ('明', "ming"),
    ('华', "hua"),
    ('丽', "li"),
    ('强', "qiang"),
    ('军', "jun"),
    ('红', "hong"),
    ('伟', "wei"),
    ('芳', "fang"),
    ('娟', "juan"),
    ('敏', "min"),
    ('静', "jing"),
    ('杰', "jie"),
    ('磊', "lei"),
    ('涛', "tao"),
    ('超', "chao"),
    ('勇', "yong"),
    ('艳', "yan"),
    ('霞', "xia"),
    ('平', "ping"),
    ('刚', "gang"),
    ('桂', "gui"),
    ('兰', "lan"),
    ('英', "ying"),
    ('建', "jian"),
    ('国', "guo"),
    ('文', "wen"),
    ('斌', "bin"),
    ('波', "bo"),
    ('辉', "hui"),
    ('健', "jian"),
    ('雪', "xue"),
    ('梅', "mei"),
    ('玲', "ling"),
    ('燕', "yan"),
    ('宁', "ning"),
    ('浩', "hao"),
    ('宇', "yu"),
    ('轩', "xuan"),
    ('涵', "han"),
    ('雨', "yu"),
    ('欣', "xin"),
    ('怡', "yi"),
    ('佳', "jia"),
    ('琪', "qi"),
    ('晨', "chen"),
    ('阳', "yang"),
    ('志', "zhi"),
    ('俊', "jun"),
    ('鹏', "peng"),
    ('飞', "fei"),
    ('龙', "long"),
    ('海', "hai"),
    ('山', "shan"),
    ('林', "lin"),
    ('森', "sen"),
    ('春', "chun"),
    ('秋', "qiu"),
    ('冬', "dong"),
    ('月', "yue"),
];

/// Given names that no typing error turns into each other.
const FIRST: [&str; 40] = [
    "Abigail",
    "Benjamin",
    "Caroline",
    "Dominic",
    "Eleanor",
    "Frederick",
    "Gabriella",
    "Harrison",
    "Isabella",
    "Jonathan",
    "Katherine",
    "Leonardo",
    "Margaret",
    "Nathaniel",
    "Octavia",
    "Patricia",
    "Quentin",
    "Rosalind",
    "Sebastian",
    "Theodore",
    "Ursula",
    "Victoria",
    "Winifred",
    "Xavier",
    "Yolanda",
    "Zachary",
    "Adelaide",
    "Bernard",
    "Cornelia",
    "Demetrius",
    "Emmanuel",
    "Florence",
    "Gregory",
    "Henrietta",
    "Ignatius",
    "Josephine",
    "Kimberley",
    "Lawrence",
    "Matthias",
    "Nicolette",
];

/// Surnames that no typing error turns into each other.
const LAST: [&str; 60] = [
    "Abernathy",
    "Blackwood",
    "Carrington",
    "Davenport",
    "Ellsworth",
    "Fairbanks",
    "Goldsmith",
    "Hawthorne",
    "Ingersoll",
    "Jefferson",
    "Kingsley",
    "Lancaster",
    "Middleton",
    "Northcott",
    "Oldfield",
    "Pemberton",
    "Quimby",
    "Rutherford",
    "Stevenson",
    "Thackeray",
    "Underwood",
    "Valentine",
    "Whitaker",
    "Yardley",
    "Zimmerman",
    "Ashcroft",
    "Bradshaw",
    "Cromwell",
    "Drummond",
    "Eastwood",
    "Fitzgerald",
    "Gallagher",
    "Humphrey",
    "Ironside",
    "Jorgensen",
    "Kirkpatrick",
    "Livingston",
    "Montgomery",
    "Nightingale",
    "Osborne",
    "Prescott",
    "Quartermain",
    "Ravenscroft",
    "Somerset",
    "Templeton",
    "Upchurch",
    "Vandermeer",
    "Wellington",
    "Youngblood",
    "Zielinski",
    "Armstrong",
    "Butterfield",
    "Cunningham",
    "Dickinson",
    "Eddington",
    "Featherstone",
    "Greenwood",
    "Hamilton",
    "Iverson",
    "Kensington",
];

/// Whether the customer of this number has a name in Latin letters.
pub const fn is_latin(nr: u32) -> bool {
    nr % 10 == 9
}

/// The name of the customer of this number.
pub fn name(nr: u32) -> String {
    if is_latin(nr) {
        let (first, last) = latin(nr);
        format!("{first} {last}")
    } else {
        chinese(nr).iter().map(|(character, _)| *character).collect()
    }
}

/// The first two characters of a name in Chinese.
pub fn beginning(nr: u32) -> String {
    chinese(nr).iter().take(2).map(|(character, _)| *character).collect()
}

/// The initials of the reading of a name in Chinese.
pub fn initials(nr: u32) -> String {
    chinese(nr).iter().filter_map(|(_, reading)| reading.chars().next()).collect()
}

/// A name in Latin letters with the third and the fourth letter of its surname changed for each other.
pub fn mistyped(nr: u32) -> String {
    let (first, last) = latin(nr);
    let mut letters: Vec<char> = last.chars().collect();
    letters.swap(2, 3);
    let typed: String = letters.into_iter().collect();
    // The same letter twice: one is left out instead.
    if typed == last { format!("{first} {}{}", &last[..2], &last[3..]) } else { format!("{first} {typed}") }
}

/// The initials of any name in Chinese that is made here; `None` of others.
pub fn initials_of(name: &str) -> Option<String> {
    let reading = |c: char| SURNAMES.iter().chain(&GIVEN).find(|(known, _)| *known == c);
    name.chars().map(|c| reading(c).and_then(|(_, reading)| reading.chars().next())).collect()
}

fn chinese(nr: u32) -> [(char, &'static str); 3] {
    let drawn = drawn(nr);
    [
        SURNAMES[drawn % SURNAMES.len()],
        GIVEN[drawn / SURNAMES.len() % GIVEN.len()],
        GIVEN[drawn / (SURNAMES.len() * GIVEN.len()) % GIVEN.len()],
    ]
}

fn latin(nr: u32) -> (&'static str, &'static str) {
    let drawn = drawn(nr);
    (FIRST[drawn % FIRST.len()], LAST[drawn / FIRST.len() % LAST.len()])
}

/// An even spread of numbers, the same in every run: neighbours have nothing in common.
fn drawn(nr: u32) -> usize {
    let mixed = u64::from(nr).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from(mixed >> 33).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use kexiang_customer_records::domain::name_search::{Fit, NameQuery};

    use super::*;

    #[test]
    fn what_is_asked_for_fits_the_name() {
        for nr in 1..2_000 {
            let fit = |query: &str| NameQuery::parse(query).unwrap().fit(&name(nr));
            if is_latin(nr) {
                assert!(matches!(fit(&mistyped(nr)), Some(Fit::Fuzzy(_))), "{}", mistyped(nr));
            } else {
                assert_eq!(fit(&beginning(nr)), Some(Fit::Prefix));
                assert_eq!(fit(&initials(nr)), Some(Fit::Initials), "{}", initials(nr));
                assert_eq!(initials_of(&name(nr)), Some(initials(nr)));
            }
        }
    }

    #[test]
    fn no_typing_error_turns_a_name_into_another() {
        for names in [&FIRST[..], &LAST[..]] {
            for name in names {
                let near = |other: &&&str| NameQuery::parse(name).unwrap().fit(other).is_some();
                assert_eq!(names.iter().filter(near).count(), 1, "{name}");
            }
        }
    }
}
