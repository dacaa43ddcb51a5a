//! What the columns of a list mean, told by their names.

use std::collections::HashSet;

use super::error::ListError;

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// The number to call.
    Phone,
    /// The full name.
    Name,
    /// The first name: part of the name, and a variable.
    FirstName(String),
    /// The last name: part of the name, and a variable.
    LastName(String),
    /// The e-mail address.
    Email,
    /// The company.
    Company,
    /// Free text.
    Notes,
    /// The time zone.
    Timezone,
    /// What is on record of consent.
    Consent,
    /// A variable of this name.
    Variable(String),
    /// No name, so no use; a warning if it has values.
    Unnamed,
    /// What we added ourselves when the row was rejected before.
    Ours,
}

/// Names of the columns that `rejected.csv` has in front; on the way back in
/// they are no part of the contact.
pub(super) const OURS: [&str; 2] = ["rejected_line", "rejected_reason"];

/// Names of the column to call, by how surely they mean it: where several
/// columns match, those of the first line win.
const PHONE: [&[&str]; 3] = [
    &["phonenumber"],
    &[
        "phone",
        "telephone",
        "tel",
        "mobile",
        "cell",
        "msisdn",
        "e164",
        "phoneno",
        "telephonenumber",
        "telno",
        "telephoneno",
        "mobilenumber",
        "mobilephone",
        "mobileno",
        "cellphone",
        "cellnumber",
        "cellphonenumber",
        "cellular",
        "mobilephonenumber",
        "homephone",
        "workphone",
        "businessphone",
        "primaryphone",
        "contactnumber",
        "contactphone",
        "callee",
        "phone1",
        "phone1value",
        "telefon",
        "telefonnummer",
        "rufnummer",
        "handy",
        "handynummer",
        "mobiltelefon",
        "telefono",
        "teléfono",
        "telefone",
        "téléphone",
        "celular",
    ],
    &["number", "numero", "número", "nummer"],
];

/// The other known columns; the spelling in front is the one documented.
const KNOWN: [(&[&str], Column); 6] = [
    (&["name", "contactname", "fullname", "displayname"], Column::Name),
    (&["email", "emailaddress", "mail"], Column::Email),
    (&["company", "companyname", "organisation", "organization"], Column::Company),
    (&["notes", "note", "comments", "comment", "remarks"], Column::Notes),
    (&["timezone", "tz"], Column::Timezone),
    (&["consent", "consentgiven"], Column::Consent),
];

pub(super) const FIRST_NAME: [&str; 4] = ["firstname", "givenname", "forename", "fname"];
pub(super) const LAST_NAME: [&str; 4] = ["lastname", "surname", "familyname", "lname"];

/// Gives each column its meaning. A known column that comes twice under
/// different names is known by the better one; the other is a variable.
pub(super) fn columns(names: &[String]) -> Result<Vec<Column>, ListError> {
    let keys: Vec<String> = names.iter().map(|name| key(name)).collect();
    let ours = |name: &String| OURS.contains(&name.as_str());
    let mut seen = HashSet::new();
    for (name, key) in names.iter().zip(&keys) {
        // "%" and "#" have no letters, so they are told apart as written.
        let identity = if key.is_empty() { name } else { key };
        if !name.is_empty() && !ours(name) && !seen.insert(identity) {
            return Err(ListError::DuplicateColumn { name: name.clone() });
        }
    }
    let mut columns: Vec<Column> = names
        .iter()
        .map(|name| match name {
            name if name.is_empty() => Column::Unnamed,
            name if ours(name) => Column::Ours,
            name => Column::Variable(name.clone()),
        })
        .collect();

    let phone = phone_column(names, &keys)?;
    let best = |spellings: &[&str]| {
        spellings.iter().find_map(|s| keys.iter().position(|key| key == s)).filter(|at| *at != phone)
    };
    let known = KNOWN.into_iter().map(|(spellings, column)| (best(spellings), column));
    let written = |at: Option<usize>| at.and_then(|at| names.get(at)).cloned().unwrap_or_default();
    let (first, last) = (best(&FIRST_NAME), best(&LAST_NAME));
    let parts = [(first, Column::FirstName(written(first))), (last, Column::LastName(written(last)))];
    for (at, column) in known.chain(parts).chain([(Some(phone), Column::Phone)]) {
        if let Some(slot) = at.and_then(|at| columns.get_mut(at)) {
            *slot = column;
        }
    }
    Ok(columns)
}

/// Whether one of these names means a phone number.
pub(super) fn names_a_phone(names: &[String]) -> bool {
    names.iter().any(|name| is_phone(&key(name)))
}

/// The position of the column to call.
fn phone_column(names: &[String], keys: &[String]) -> Result<usize, ListError> {
    for spellings in PHONE {
        let found: Vec<usize> =
            keys.iter().enumerate().filter(|(_, key)| spellings.contains(&key.as_str())).map(|(at, _)| at).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Ok(*one),
            several => {
                let columns = several.iter().filter_map(|at| names.get(*at).cloned()).collect();
                return Err(ListError::SeveralPhoneColumns { columns });
            }
        }
    }
    Err(ListError::NoPhoneColumn {
        columns: names.iter().filter(|name| !name.is_empty()).take(50).cloned().collect(),
        nearest: nearest(names, keys),
    })
}

fn is_phone(key: &str) -> bool {
    PHONE.iter().any(|spellings| spellings.contains(&key))
}

/// The column whose name is most like one that means a number, if it is like
/// one at all (`phnoe`, `Customer phone`).
fn nearest(names: &[String], keys: &[String]) -> Option<String> {
    let likeness = |key: &String| {
        let like =
            PHONE.iter().take(2).flat_map(|s| s.iter()).map(|s| strsim::jaro_winkler(key, s)).fold(0.0, f64::max);
        let contains = ["phone", "tel", "mobil", "cell"].iter().any(|part| key.contains(part));
        if contains { like + 1.0 } else { like }
    };
    names
        .iter()
        .zip(keys)
        .map(|(name, key)| (name, likeness(key)))
        .filter(|(_, like)| *like > 0.8)
        .max_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(name, _)| name.clone())
}

/// The documented spelling, as a [`key`], of a known column named like this.
pub(super) fn known_as(key: &str) -> Option<&'static str> {
    let known = KNOWN.iter().map(|(spellings, _)| *spellings).chain([&FIRST_NAME[..], &LAST_NAME[..]]);
    let spelling = known.filter(|spellings| spellings.contains(&key)).find_map(|spellings| spellings.first().copied());
    spelling.or_else(|| PHONE.iter().any(|spellings| spellings.contains(&key)).then_some("phonenumber"))
}

/// A name in lower case, letters and digits only: `Phone-Number` and
/// `phone_number` are one.
pub(super) fn key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meanings(header: &str) -> Result<Vec<Column>, ListError> {
        columns(&header.split(',').map(str::to_owned).collect::<Vec<_>>())
    }

    fn variable(name: &str) -> Column {
        Column::Variable(name.to_owned())
    }

    #[test]
    fn every_column_gets_its_meaning() {
        let columns = meanings("Phone-Number,Full Name,E-mail,Organisation,deal_stage,Comment,Time Zone,consent,");
        let want = [
            Column::Phone,
            Column::Name,
            Column::Email,
            Column::Company,
            variable("deal_stage"),
            Column::Notes,
            Column::Timezone,
            Column::Consent,
            Column::Unnamed,
        ];
        assert_eq!(columns.expect("a phone column"), want);
    }

    #[test]
    fn the_surest_name_is_the_one_to_call() {
        assert_eq!(meanings("number,phone").expect("phone"), [variable("number"), Column::Phone]);
        assert_eq!(meanings("Mobile,Phone_Number").expect("phone_number"), [variable("Mobile"), Column::Phone]);
        assert!(matches!(
            meanings("Mobile,name,Home Phone"),
            Err(ListError::SeveralPhoneColumns { columns }) if columns == ["Mobile", "Home Phone"]
        ));
    }

    #[test]
    fn a_second_name_for_a_known_column_is_a_variable() {
        let columns = meanings("phone,Comment,Notes").expect("readable");
        assert_eq!(columns, [Column::Phone, variable("Comment"), Column::Notes]);
    }

    #[test]
    fn no_phone_column_names_the_nearest() {
        for (header, want) in [
            ("phnoe,name", Some("phnoe")),
            ("customer_id,Customer's Phone Nr", Some("Customer's Phone Nr")),
            ("id,city", None),
        ] {
            let Err(ListError::NoPhoneColumn { nearest, columns }) = meanings(header) else { panic!("{header}") };
            assert_eq!((nearest.as_deref(), columns.len()), (want, 2), "{header}");
        }
    }

    #[test]
    fn the_same_name_twice_is_an_error() {
        assert!(matches!(meanings("phone,city,City"), Err(ListError::DuplicateColumn { name }) if name == "City"));
        assert!(matches!(meanings("phone,#,#"), Err(ListError::DuplicateColumn { .. })));
        assert!(meanings("phone,#,%,,").is_ok());
    }

    #[test]
    fn columns_of_a_rejected_list_are_left_out() {
        let columns = meanings("rejected_line,rejected_reason,phone").expect("readable");
        assert_eq!(columns, [Column::Ours, Column::Ours, Column::Phone]);
    }
}
