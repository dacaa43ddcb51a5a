//! Descriptions of objects that two structs make together. `serde(flatten)`
//! would be described as "all of" the two, which with unknown fields refused is
//! a description nothing fits.

use utoipa::ToSchema;
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{RefOr, Schema};

/// The properties of two objects in one.
pub(super) fn flat<A: ToSchema, B: ToSchema>(about: &str, required: bool, closed: bool) -> RefOr<Schema> {
    let (RefOr::T(Schema::Object(mut one)), RefOr::T(Schema::Object(other))) = (A::schema(), B::schema()) else {
        return RefOr::T(Schema::default());
    };
    one.properties.extend(other.properties);
    one.required.extend(other.required);
    if !required {
        one.required.clear();
    }
    one.description = Some(about.to_owned());
    one.additional_properties = closed.then(|| Box::new(AdditionalProperties::FreeForm(false)));
    RefOr::T(Schema::Object(one))
}

/// Makes a schema of two structs.
macro_rules! flat_schema {
    ($name:ty, $shown:literal, $one:ty, $other:ty, $about:literal, required: $required:literal, closed: $closed:literal) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::api::flat::flat::<$one, $other>($about, $required, $closed)
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                $shown.into()
            }

            fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                <$one as utoipa::ToSchema>::schemas(schemas);
                <$other as utoipa::ToSchema>::schemas(schemas);
            }
        }
    };
}

pub(super) use flat_schema;
