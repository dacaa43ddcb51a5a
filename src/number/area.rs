//! Where a number says it is: its country, area code and, in North America,
//! its state.

use rlibphonenumber::PHONE_NUMBER_UTIL;

use super::PhoneNumber;

/// Country code 1 and ten digits.
const NANP: u64 = 10_000_000_000;

/// Where a number says it is. Numbers move with their owners: it is what
/// people see, not where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Area {
    /// Country code and area code, as the first digits of E.164; none for
    /// mobile and other numbers that belong to no place.
    pub code: Option<u64>,
    /// State or province in the United States and Canada, two letters.
    pub state: Option<&'static str>,
    /// Country code.
    pub country: u16,
}

impl PhoneNumber {
    /// Where it says it is.
    pub fn area(self) -> Area {
        if self.0 / NANP == 1 {
            let code = (self.0 / 10_000_000 % 1_000) as u16;
            return Area { code: Some(self.0 / 10_000_000), state: state_of(code), country: 1 };
        }
        let Ok(parsed) = PHONE_NUMBER_UTIL.parse(self.to_string(), None) else {
            return Area { code: None, state: None, country: 0 };
        };
        let country = u16::try_from(parsed.country_code).unwrap_or(0);
        let length = PHONE_NUMBER_UTIL.get_length_of_geographical_area_code(&parsed);
        let digits = self.digits();
        let first = country.to_string().len() + length;
        let code = if length > 0 { digits.get(..first).and_then(|code| code.parse().ok()) } else { None };
        Area { code, state: None, country }
    }
}

/// The state or province of an area code; none: not geographic, of another
/// country, or not in service when this was written.
fn state_of(code: u16) -> Option<&'static str> {
    STATES.iter().find(|(_, codes)| codes.contains(&code)).map(|(state, _)| *state)
}

/// Geographic area codes in service in the United States and Canada, overlays
/// included (North American Numbering Plan Administrator, area code lists, 2025).
#[rustfmt::skip]
const STATES: [(&str, &[u16]); 64] = [
    ("AL", &[205, 251, 256, 334, 659, 938]),
    ("AK", &[907]),
    ("AZ", &[480, 520, 602, 623, 928]),
    ("AR", &[327, 479, 501, 870]),
    ("CA", &[209, 213, 279, 310, 323, 341, 350, 357, 369, 408, 415, 424, 442, 510, 530, 559, 562, 619, 626, 628, 650, 657,
        661, 669, 707, 714, 738, 747, 760, 805, 818, 820, 831, 837, 840, 858, 909, 916, 925, 949, 951]),
    ("CO", &[303, 719, 720, 748, 970, 983]),
    ("CT", &[203, 475, 860, 959]),
    ("DE", &[302]),
    ("DC", &[202, 771]),
    ("FL", &[239, 305, 321, 324, 352, 386, 407, 448, 561, 645, 656, 689, 727, 728, 754, 772, 786, 813, 850, 863, 904, 941, 954]),
    ("GA", &[229, 404, 470, 478, 678, 706, 762, 770, 912, 943]),
    ("HI", &[808]),
    ("ID", &[208, 986]),
    ("IL", &[217, 224, 309, 312, 331, 447, 464, 618, 630, 708, 730, 773, 779, 815, 847, 861, 872]),
    ("IN", &[219, 260, 317, 463, 574, 765, 812, 930]),
    ("IA", &[319, 515, 563, 641, 712]),
    ("KS", &[316, 620, 785, 913]),
    ("KY", &[270, 364, 502, 606, 859]),
    ("LA", &[225, 318, 337, 457, 504, 985]),
    ("ME", &[207]),
    ("MD", &[227, 240, 301, 410, 443, 667]),
    ("MA", &[339, 351, 413, 508, 617, 774, 781, 857, 978]),
    ("MI", &[231, 248, 269, 313, 517, 586, 616, 679, 734, 810, 906, 947, 989]),
    ("MN", &[218, 320, 507, 612, 651, 763, 924, 952]),
    ("MS", &[228, 471, 601, 662, 769]),
    ("MO", &[235, 314, 417, 557, 573, 636, 660, 816, 975]),
    ("MT", &[406]),
    ("NE", &[308, 402, 531]),
    ("NV", &[702, 725, 775]),
    ("NH", &[603]),
    ("NJ", &[201, 551, 609, 640, 732, 848, 856, 862, 908, 973]),
    ("NM", &[505, 575]),
    ("NY", &[212, 315, 329, 332, 347, 363, 516, 518, 585, 607, 624, 631, 646, 680, 716, 718, 838, 845, 914, 917, 929, 934]),
    ("NC", &[252, 336, 472, 704, 743, 828, 910, 919, 980, 984]),
    ("ND", &[701]),
    ("OH", &[216, 220, 234, 283, 326, 330, 380, 419, 436, 440, 513, 567, 614, 740, 937]),
    ("OK", &[405, 539, 572, 580, 918]),
    ("OR", &[458, 503, 541, 971]),
    ("PA", &[215, 223, 267, 272, 412, 445, 484, 570, 582, 610, 717, 724, 814, 835, 878]),
    ("RI", &[401]),
    ("SC", &[803, 821, 839, 843, 854, 864]),
    ("SD", &[605]),
    ("TN", &[423, 615, 629, 731, 865, 901, 931]),
    ("TX", &[210, 214, 254, 281, 325, 346, 361, 409, 430, 432, 469, 512, 621, 682, 713, 726, 737, 806, 817, 830, 832, 903,
        915, 936, 940, 945, 956, 972, 979]),
    ("UT", &[385, 435, 801]),
    ("VT", &[802]),
    ("VA", &[276, 434, 540, 571, 686, 703, 757, 804, 826, 948]),
    ("WA", &[206, 253, 360, 425, 509, 564]),
    ("WV", &[304, 681]),
    ("WI", &[262, 274, 353, 414, 534, 608, 715, 920]),
    ("WY", &[307]),
    ("PR", &[787, 939]),
    // Provinces and territories of Canada.
    ("AB", &[368, 403, 587, 780, 825]),
    ("BC", &[236, 250, 257, 604, 672, 778]),
    ("MB", &[204, 431, 584]),
    ("NB", &[428, 506]),
    ("NL", &[709, 879]),
    // 782 and 902: Prince Edward Island too.
    ("NS", &[782, 902]),
    ("ON", &[226, 249, 289, 343, 365, 382, 416, 437, 519, 548, 613, 647, 683, 705, 742, 753, 807, 905, 942]),
    ("QC", &[263, 354, 367, 418, 438, 450, 468, 514, 579, 581, 819, 873]),
    ("SK", &[306, 474, 639]),
    // 867: the three territories.
    ("NT", &[867]),
    ("VI", &[340]),
    ("GU", &[671]),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn area(text: &str) -> Area {
        PhoneNumber::from_e164(text).expect("a number").area()
    }

    #[test]
    fn an_area_code_stands_in_one_state() {
        let codes: Vec<u16> = STATES.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
        assert_eq!(codes.iter().collect::<HashSet<_>>().len(), codes.len());
        for code in codes {
            assert!((201..=989).contains(&code) && code % 100 != 11 && code / 10 % 10 != 9, "{code}");
        }
        let names: HashSet<_> = STATES.iter().map(|(state, _)| state).collect();
        assert_eq!(names.len(), STATES.len());
    }

    #[test]
    fn where_numbers_say_they_are() {
        assert_eq!(area("+12127365000"), Area { code: Some(1_212), state: Some("NY"), country: 1 });
        assert_eq!(area("+16465550100").state, Some("NY"));
        assert_eq!(area("+15550100001"), Area { code: Some(1_555), state: None, country: 1 });
        assert_eq!(area("+442079460958"), Area { code: Some(4_420), state: None, country: 44 });
        assert_eq!(area("+4930901820"), Area { code: Some(4_930), state: None, country: 49 });
        assert_eq!(area("+4915112345678").code, None, "a mobile number belongs to no place");
        assert_eq!(area("+9991234567"), Area { code: None, state: None, country: 0 });
    }
}
