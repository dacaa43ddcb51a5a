//! An example of a list.

/// A list to start from: every known column and one variable, two contacts.
/// The numbers ring nobody.
pub const TEMPLATE: &str = "\
phone_number,name,email,company,notes,timezone,consent,appointment_date
+15551234567,John Doe,john@example.com,Acme Corp,VIP customer,America/New_York,yes,2026-03-15
(555) 987-6543,Jane Smith,jane@example.com,\"Beta, Inc\",Follow up on quote,,yes,2026-03-16
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{ListReader, Row};
    use crate::number::{NumberCheck, NumberRules, Region};

    #[test]
    fn the_template_can_be_imported() {
        let rules = NumberRules { region: Region::US, check: NumberCheck::Valid };
        let reader = ListReader::new(TEMPLATE.as_bytes(), rules).expect("a list");
        let contacts: Vec<_> = reader
            .map(|row| match row {
                Ok(Row::Contact { contact, .. }) => contact,
                other => panic!("{other:?}"),
            })
            .collect();
        let [john, jane] = contacts.as_slice() else { panic!("{contacts:?}") };
        assert_eq!(john.number.to_string(), "+15551234567");
        assert_eq!(john.timezone.as_deref(), Some("America/New_York"));
        assert_eq!(jane.number.to_string(), "+15559876543");
        assert_eq!((jane.company.as_deref(), jane.timezone.as_deref()), (Some("Beta, Inc"), None));
        assert!(john.name.is_some() && john.email.is_some() && john.notes.is_some() && john.consent.is_some());
        assert_eq!(john.variables["appointment_date"], "2026-03-15");
    }
}
