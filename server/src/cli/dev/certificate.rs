//! A certificate for the local receiver, and the authority that signs it, made on the spot.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};

use crate::secret_text::SecretText;

/// A certificate for `127.0.0.1`, all as PEM.
pub(super) struct Certificate {
    pub(super) ca_pem: String,
    pub(super) chain_pem: String,
    pub(super) key_pem: SecretText,
}

pub(super) fn make() -> Result<Certificate, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "Encrata Webhooks dev authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

    let key = KeyPair::generate()?;
    let leaf = CertificateParams::new(vec!["127.0.0.1".into()])?.signed_by(&key, &authority)?;
    Ok(Certificate {
        ca_pem: authority.pem(),
        chain_pem: leaf.pem(),
        key_pem: SecretText::from(&*key.serialize_pem()),
    })
}
