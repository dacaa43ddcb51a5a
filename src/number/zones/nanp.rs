//! Country code 1: every area code in service or assigned, with its state,
//! province or country and all time zones in which its numbers may be.
//!
//! Facts from the North American Numbering Plan Administration's assignments,
//! the zones' limits in 49 CFR part 71 (United States) and the provinces' own
//! laws. An area code that crosses a limit lists every zone it touches; one
//! that overlays another lists the other's zones.

/// Zones by the names of the tz database.
const EASTERN: &str = "America/New_York";
const CENTRAL: &str = "America/Chicago";
const MOUNTAIN: &str = "America/Denver";
const ARIZONA: &str = "America/Phoenix";
const PACIFIC: &str = "America/Los_Angeles";
const ALASKA: &str = "America/Anchorage";
const ALEUTIAN: &str = "America/Adak";
const HAWAII: &str = "Pacific/Honolulu";
const INDIANA: &str = "America/Indiana/Indianapolis";
const DETROIT: &str = "America/Detroit";
const BOISE: &str = "America/Boise";
const TORONTO: &str = "America/Toronto";
const WINNIPEG: &str = "America/Winnipeg";
const REGINA: &str = "America/Regina";
const EDMONTON: &str = "America/Edmonton";
const VANCOUVER: &str = "America/Vancouver";
const HALIFAX: &str = "America/Halifax";
const ATLANTIC_STANDARD: &str = "America/Puerto_Rico";

/// Area codes that share their place and their zones.
pub(super) struct Area {
    /// State, province or territory as in ISO 3166-2 without the country;
    /// empty: the whole country.
    pub(super) state: &'static str,
    /// The country (ISO 3166-1).
    pub(super) country: &'static str,
    /// Every zone its numbers may be in.
    pub(super) zones: &'static [&'static str],
    /// The area codes.
    pub(super) codes: &'static [u16],
}

const fn us(state: &'static str, zones: &'static [&'static str], codes: &'static [u16]) -> Area {
    Area { state, country: "US", zones, codes }
}

const fn ca(state: &'static str, zones: &'static [&'static str], codes: &'static [u16]) -> Area {
    Area { state, country: "CA", zones, codes }
}

const fn own(country: &'static str, zones: &'static [&'static str], codes: &'static [u16]) -> Area {
    Area { state: "", country, zones, codes }
}

/// Where somebody with a number of the United States is whose area code says
/// nothing: every zone of the fifty states and Puerto Rico.
pub(super) const ANYWHERE: &[&str] =
    &[ATLANTIC_STANDARD, EASTERN, CENTRAL, MOUNTAIN, ARIZONA, PACIFIC, ALASKA, ALEUTIAN, HAWAII];

pub(super) const AREAS: &[Area] = &[
    // United States
    us("AL", &[CENTRAL], &[205, 251, 256, 334, 483, 659, 938]),
    us("AK", &[ALASKA, ALEUTIAN], &[907]),
    us("AZ", &[ARIZONA], &[480, 520, 602, 623]),
    // The Navajo Nation keeps daylight-saving time.
    us("AZ", &[ARIZONA, MOUNTAIN], &[928]),
    us("AR", &[CENTRAL], &[327, 479, 501, 870]),
    us(
        "CA",
        &[PACIFIC],
        &[
            209, 213, 279, 310, 323, 341, 350, 357, 369, 408, 415, 424, 442, 510, 530, 559, 562, 619, 626, 628, 650,
            657, 661, 669, 707, 714, 738, 747, 760, 805, 818, 820, 831, 837, 840, 858, 909, 916, 925, 949, 951,
        ],
    ),
    us("CO", &[MOUNTAIN], &[303, 719, 720, 748, 970, 983]),
    us("CT", &[EASTERN], &[203, 475, 860, 959]),
    us("DC", &[EASTERN], &[202, 771]),
    us("DE", &[EASTERN], &[302]),
    us(
        "FL",
        &[EASTERN],
        &[239, 305, 321, 324, 352, 386, 407, 561, 645, 656, 689, 727, 728, 754, 772, 786, 813, 863, 904, 941, 954],
    ),
    // The panhandle: west of the Apalachicola it is Central time.
    us("FL", &[EASTERN, CENTRAL], &[448, 850]),
    us("GA", &[EASTERN], &[229, 404, 470, 478, 678, 706, 762, 770, 912, 943]),
    // Wake and Midway have the code too, and nobody who lives there.
    us("HI", &[HAWAII], &[808]),
    us("IA", &[CENTRAL], &[319, 515, 563, 641, 712]),
    // North of the Salmon river it is Pacific time.
    us("ID", &[BOISE, PACIFIC], &[208, 986]),
    us("IL", &[CENTRAL], &[217, 224, 309, 312, 331, 447, 464, 618, 630, 708, 730, 773, 779, 815, 847, 861, 872]),
    us("IN", &[INDIANA], &[260, 317, 463, 765]),
    // Counties around Gary and Evansville, and Starke, keep Central time.
    us("IN", &[INDIANA, CENTRAL], &[219, 574, 812, 930]),
    us("KS", &[CENTRAL], &[316, 913]),
    // Four counties at the western end keep Mountain time.
    us("KS", &[CENTRAL, MOUNTAIN], &[620, 785]),
    us("KY", &[EASTERN], &[502, 859]),
    us("KY", &[EASTERN, CENTRAL], &[270, 364, 606]),
    us("LA", &[CENTRAL], &[225, 318, 337, 457, 504, 985]),
    us("MA", &[EASTERN], &[339, 351, 413, 508, 617, 774, 781, 857, 978]),
    us("MD", &[EASTERN], &[227, 240, 301, 410, 443, 667]),
    us("ME", &[EASTERN], &[207]),
    us("MI", &[DETROIT], &[231, 248, 269, 313, 517, 586, 616, 679, 734, 810, 947, 989]),
    // Four counties along Wisconsin keep Central time.
    us("MI", &[DETROIT, CENTRAL], &[906]),
    us("MN", &[CENTRAL], &[218, 320, 507, 612, 651, 763, 924, 952]),
    us("MO", &[CENTRAL], &[235, 314, 417, 557, 573, 636, 660, 816, 975]),
    us("MS", &[CENTRAL], &[228, 471, 601, 662, 769]),
    us("MT", &[MOUNTAIN], &[406]),
    us("NC", &[EASTERN], &[252, 336, 472, 704, 743, 828, 910, 919, 980, 984]),
    us("ND", &[CENTRAL, MOUNTAIN], &[701]),
    // The west, and the western half of Cherry county, keep Mountain time.
    us("NE", &[CENTRAL, MOUNTAIN], &[308, 402, 531]),
    us("NH", &[EASTERN], &[603]),
    us("NJ", &[EASTERN], &[201, 551, 609, 640, 732, 848, 856, 862, 908, 973]),
    us("NM", &[MOUNTAIN], &[505, 575]),
    us("NV", &[PACIFIC], &[702, 725]),
    // West Wendover keeps Mountain time.
    us("NV", &[PACIFIC, MOUNTAIN], &[775]),
    us(
        "NY",
        &[EASTERN],
        &[
            212, 315, 329, 332, 347, 363, 465, 516, 518, 585, 607, 624, 631, 646, 680, 716, 718, 838, 845, 914, 917,
            929, 934,
        ],
    ),
    us("OH", &[EASTERN], &[216, 220, 234, 283, 326, 330, 380, 419, 436, 440, 513, 567, 614, 740, 937]),
    us("OK", &[CENTRAL], &[405, 539, 572, 580, 918]),
    us("OR", &[PACIFIC], &[503, 971]),
    // Most of Malheur county keeps Mountain time.
    us("OR", &[PACIFIC, BOISE], &[458, 541]),
    us("PA", &[EASTERN], &[215, 223, 267, 272, 412, 445, 484, 570, 582, 610, 717, 724, 814, 835, 878]),
    us("RI", &[EASTERN], &[401]),
    us("SC", &[EASTERN], &[803, 821, 839, 843, 854, 864]),
    us("SD", &[CENTRAL, MOUNTAIN], &[605]),
    us("TN", &[EASTERN], &[865]),
    us("TN", &[CENTRAL], &[615, 629, 731, 901]),
    // Chattanooga and the counties west of it; of 931 the administration lists both.
    us("TN", &[EASTERN, CENTRAL], &[423, 729, 931]),
    us(
        "TX",
        &[CENTRAL],
        &[
            210, 214, 254, 281, 325, 346, 361, 409, 430, 469, 512, 621, 682, 713, 726, 737, 806, 817, 830, 832, 903,
            936, 940, 945, 956, 972, 979,
        ],
    ),
    us("TX", &[CENTRAL, MOUNTAIN], &[432, 915]),
    us("UT", &[MOUNTAIN], &[385, 435, 801]),
    us("VA", &[EASTERN], &[276, 434, 540, 571, 686, 703, 757, 804, 826, 948]),
    us("VT", &[EASTERN], &[802]),
    us("WA", &[PACIFIC], &[206, 253, 360, 425, 509, 564]),
    us("WI", &[CENTRAL], &[262, 274, 353, 414, 534, 608, 715, 920]),
    us("WV", &[EASTERN], &[304, 681]),
    us("WY", &[MOUNTAIN], &[307]),
    // Territories
    own("AS", &["Pacific/Pago_Pago"], &[684]),
    own("GU", &["Pacific/Guam"], &[671]),
    own("MP", &["Pacific/Saipan"], &[670]),
    own("PR", &[ATLANTIC_STANDARD], &[787, 939]),
    own("VI", &["America/St_Thomas"], &[340]),
    // Canada
    ca("AB", &[EDMONTON], &[368, 403, 587, 780, 825]),
    // The Kootenays and the Peace river keep Mountain time, in part without
    // daylight-saving time. 604 is Vancouver and the valley behind it.
    ca("BC", &[VANCOUVER], &[604]),
    ca(
        "BC",
        &[VANCOUVER, EDMONTON, "America/Dawson_Creek", "America/Fort_Nelson", "America/Creston"],
        &[236, 250, 257, 672, 778],
    ),
    ca("MB", &[WINNIPEG], &[204, 431, 584]),
    ca("NB", &["America/Moncton"], &[428, 506]),
    ca("NL", &["America/St_Johns", "America/Goose_Bay"], &[709, 879]),
    // With Prince Edward Island.
    ca("NS", &[HALIFAX], &[782, 902]),
    ca("ON", &[TORONTO], &[226, 249, 289, 343, 365, 382, 416, 437, 519, 548, 613, 647, 683, 705, 742, 753, 905, 942]),
    // Northwestern Ontario; Atikokan without daylight-saving time.
    ca("ON", &[TORONTO, WINNIPEG, "America/Atikokan"], &[807]),
    ca("QC", &[TORONTO], &[263, 354, 438, 450, 468, 514, 579, 819, 873]),
    // With the Magdalen Islands and Blanc-Sablon.
    ca("QC", &[TORONTO, HALIFAX, "America/Blanc-Sablon"], &[367, 418, 581]),
    // Lloydminster keeps Alberta's time.
    ca("SK", &[REGINA, EDMONTON], &[306, 474, 639]),
    // Yukon, Northwest Territories, Nunavut.
    ca(
        "",
        &[
            "America/Whitehorse",
            "America/Inuvik",
            "America/Cambridge_Bay",
            "America/Rankin_Inlet",
            "America/Resolute",
            "America/Coral_Harbour",
            "America/Iqaluit",
        ],
        &[867],
    ),
    // The Caribbean and Bermuda
    own("AG", &["America/Antigua"], &[268]),
    own("AI", &["America/Anguilla"], &[264]),
    own("BB", &["America/Barbados"], &[246]),
    own("BM", &["Atlantic/Bermuda"], &[441]),
    own("BS", &["America/Nassau"], &[242]),
    own("DM", &["America/Dominica"], &[767]),
    own("DO", &["America/Santo_Domingo"], &[809, 829, 849]),
    own("GD", &["America/Grenada"], &[473]),
    own("JM", &["America/Jamaica"], &[658, 876]),
    own("KN", &["America/St_Kitts"], &[869]),
    own("KY", &["America/Cayman"], &[345]),
    own("LC", &["America/St_Lucia"], &[758]),
    own("MS", &["America/Montserrat"], &[664]),
    own("SX", &["America/Lower_Princes"], &[721]),
    own("TC", &["America/Grand_Turk"], &[649]),
    own("TT", &["America/Port_of_Spain"], &[868]),
    own("VC", &["America/St_Vincent"], &[784]),
    own("VG", &["America/Tortola"], &[284]),
];
