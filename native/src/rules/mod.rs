//! Arithmetic and shapes of what issuers give out: the rules of `validators*.py` and `secrets_values.py`, by the names of these functions.
//!
//! Each takes what its twin takes, as ASCII bytes, and answers the same. Where the twin raises an error, since a text is not of the shape that the
//! rule is for, these answer `None` or no. A panic would be contained, but none is meant to happen.

mod americas;
mod asia;
mod europe;
mod money;
mod numbers;
mod reading;
mod sums;
mod values;

pub use money::{bech32, bech32_key, iban_prefix};
pub use numbers::{e164, icao_check, ipv4_address, ipv6_address, nanp};
pub use reading::digits_of;
pub use sums::{distinct, luhn, varied};
pub use values::{
    crc32_base62, crc32_hex, entropy, generated, is_generated, is_hexadecimal, is_password, is_sample, is_worded,
};

/// Whether a compact value satisfies its issuer's rule.
pub type Rule = fn(&[u8]) -> bool;

/// What a rule says of a text: `None` says that it is not of the rule's shape.
trait Verdict {
    fn holds(self) -> bool;
}

impl Verdict for bool {
    fn holds(self) -> bool {
        self
    }
}

impl Verdict for Option<bool> {
    fn holds(self) -> bool {
        self == Some(true)
    }
}

macro_rules! table {
    (by their own names { $($module:ident: $($rule:ident)+;)+ } by others { $($name:literal => $other:expr,)+ }) => {
        /// Return the rule of this name.
        #[must_use]
        pub fn named(name: &str) -> Option<Rule> {
            let rule: Rule = match name {
                $($(stringify!($rule) => |text| $module::$rule(text).holds(),)+)+
                $($name => $other,)+
                _ => return None,
            };
            Some(rule)
        }
    };
}

table! {
    by their own names {
        sums: luhn varied;
        americas: ein ca_sin br_cpf br_cnpj mx_curp mx_rfc mx_nss ar_cuit cl_rut;
        asia: cn_resident jp_my_number in_aadhaar in_pan kr_rrn kr_rrn_checked au_tfn au_medicare nz_ird sg_nric hk_identity tw_identity th_identity
            id_nik my_identity il_identity za_identity ae_identity;
        money: bic solana monero ethereum bech32 bech32_key;
        numbers: ssn itin e164 nanp icao_check;
        values: crc32_base62 crc32_hex is_sample is_worded is_generated is_hexadecimal is_password;
        europe: de_tax_id de_pension uk_nino uk_nhs uk_utr fr_nir fr_spi it_fiscal_code es_dni ru_inn ru_snils nl_bsn be_national pl_pesel ch_ahv
            at_insurance pt_nif se_personal no_birth_number dk_cpr fi_identity ie_pps cz_birth_number ro_cnp bg_egn gr_amka hr_oib ua_tax
            baltic_personal tr_identity;
    }
    by others {
        "_ten_digits" => numbers::ten_digits,
        "ipv4_address" => |text| ipv4_address(text, false),
        "ipv4_address_private" => |text| ipv4_address(text, true),
        "ipv6_address" => |text| ipv6_address(text, false),
        "ipv6_address_private" => |text| ipv6_address(text, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of each row the second text satisfies the rule of the first name, and the third, which differs little, does not.
    pub(super) fn assert_hold(rows: &[(&str, &str, &str)]) {
        for (name, valid, changed) in rows {
            let rule = named(name).expect(name);
            assert!(rule(valid.as_bytes()), "{name} refuses {valid}");
            assert!(!rule(changed.as_bytes()), "{name} accepts {changed}");
        }
    }

    #[test]
    fn a_name_that_is_not_in_the_table_has_no_rule() {
        assert!(named("").is_none());
        assert!(named("base58check").is_none());
    }
}
