//! What people read for each word of the interface that a form lets them choose.
//!
//! A variant that has no line here does not compile; that each line's word is the one of the API is a test.

use diligence_entities::{
    api_key::KeyScope,
    dependency::DependencyKind,
    due::{DueKind, DueState, settlement::DueChoice},
    evidence::{ExerciseForm, FindingOutcome, TargetKind},
    identifier::Scheme,
    policy::SeparationOfDuties,
    product::{Affected, AiFeatures, Autonomy, EuAiActClass, Known, MedicalDeviceClass, ProductKind},
    profile::{DataRole, DataSensitivity, PeopleAffected, PersonalData, ServiceCriticality, SystemAccess},
    risk::Treatment,
    role::Role,
    sign_in_policy::MfaRule,
    supplier::RelationshipStatus,
};
use diligence_questionnaires::{Severity, Tier};

/// What can be chosen: each word of the interface, with what people read for it.
pub(crate) type Choices = &'static [(&'static str, &'static str)];

/// Words that a form lets people choose.
pub(super) trait Labelled {
    /// All of them, in the order of a form.
    const CHOICES: Choices;
    /// What people read for this one.
    fn label(&self) -> &'static str;
}

/// What can be chosen, and what people read for it, where the words of the interface are these, in any order.
pub(crate) fn of_words(words: &[String]) -> Option<Choices> {
    let all_are_there = |choices: &&Choices| {
        choices.len() == words.len() && choices.iter().all(|(word, _)| words.iter().any(|known| known == word))
    };
    ALL.iter().find(all_are_there).copied()
}

macro_rules! labels {
    ($($type:ident { $($variant:ident $word:literal $label:literal,)* })*) => {
        $(impl Labelled for $type {
            const CHOICES: Choices = &[$(($word, $label)),*];

            fn label(&self) -> &'static str {
                match self {
                    $(Self::$variant => $label),*
                }
            }
        })*

        /// All of them.
        static ALL: &[Choices] = &[$(&[$(($word, $label)),*]),*];

        #[test]
        fn every_label_stands_at_its_word_of_the_interface() {
            $($(assert_eq!(diligence_entities::stored::word(&$type::$variant), $word);)*)*
        }
    };
}

labels! {
    RelationshipStatus {
        Active "active" "Active: we use it",
        Prospective "prospective" "Prospective: we think about it",
        Exiting "exiting" "Exiting: we are leaving",
        Archived "archived" "Archived: we have nothing to do with it any more",
    }
    Scheme {
        CompaniesHouse "GB-COH" "Companies House",
        Nhs "GB-NHS" "NHS organisation (ODS) code",
        CareQualityCommission "GB-CQC" "Care Quality Commission",
        InformationCommissioner "GB-ICO" "Information Commissioner’s register",
        CharityEnglandWales "GB-CHC" "Charity Commission for England and Wales",
        CharityScotland "GB-SC" "Scottish charity regulator",
        CharityNorthernIreland "GB-NIC" "Charity Commission for Northern Ireland",
        Procurement "GB-PPON" "Public procurement organisation number",
        Vat "GB-VAT" "VAT registration",
        LegalEntity "LEI" "Legal entity identifier",
        Local "LOCAL" "Ourselves, or a list of someone else’s",
    }
    DataRole {
        None "none" "It handles none for us",
        Processor "processor" "Processor: on our instructions",
        JointController "joint_controller" "Joint controller: decides with us why and how",
        Controller "controller" "Controller: decides by itself why and how",
    }
    PersonalData {
        Contact "contact" "Names, addresses, telephone numbers",
        Financial "financial" "Bank details, fees, benefits",
        Employment "employment" "Staff records",
        Health "health" "Health",
        CareRecords "care_records" "Care plans and notes",
        Biometric "biometric" "Fingerprints, faces or voices that recognise someone",
        Location "location" "Where someone is",
        Children "children" "Children's data",
        Criminal "criminal" "Criminal records and allegations",
    }
    DataSensitivity {
        None "none" "None of ours",
        Business "business" "Business data about no one",
        Personal "personal" "Personal data",
        SpecialCategory "special_category" "Health, care and other special-category data",
    }
    SystemAccess {
        None "none" "Not at all",
        Limited "limited" "Now and then, watched",
        Standing "standing" "At any time, as an ordinary user or by an interface",
        Privileged "privileged" "As an administrator",
    }
    ServiceCriticality {
        Minor "minor" "Little: we would hardly notice",
        Important "important" "It gets harder within a week",
        Essential "essential" "It suffers within a day",
        Vital "vital" "People may come to harm within hours",
    }
    PeopleAffected {
        None "none" "No one",
        Few "few" "A few",
        Many "many" "Many",
        All "all" "Everyone",
    }
    Tier {
        Low "low" "Low",
        Medium "medium" "Medium",
        High "high" "High",
        Critical "critical" "Critical",
        // Last: nobody sets it by hand.
        Unknown "unknown" "Not known yet",
    }
    ProductKind {
        Software "software" "Software",
        Service "service" "A service",
        Device "device" "A device",
        AiSystem "ai_system" "An AI system",
    }
    AiFeatures {
        Unknown "unknown" "Not known yet",
        None "none" "No",
        Embedded "embedded" "Yes, some of it uses AI",
        Core "core" "Yes, it is what the product is",
    }
    Known {
        Unknown "unknown" "Not known",
        Yes "yes" "Yes",
        No "no" "No",
    }
    Autonomy {
        Informs "informs" "It gives people something to know",
        Recommends "recommends" "It suggests what to do",
        Decides "decides" "It decides, and people carry out",
        Acts "acts" "It decides and carries out",
    }
    Affected {
        Residents "residents" "The people you support",
        Staff "staff" "Staff",
        Families "families" "Families",
        Public "public" "Others",
    }
    MedicalDeviceClass {
        None "none" "No",
        ClassI "class_i" "Class I",
        ClassIia "class_iia" "Class IIa",
        ClassIib "class_iib" "Class IIb",
        ClassIii "class_iii" "Class III",
        Unknown "unknown" "Not known",
    }
    EuAiActClass {
        Minimal "minimal" "Minimal risk",
        Limited "limited" "Limited risk",
        High "high" "High risk",
        Prohibited "prohibited" "Prohibited",
    }
    DueKind {
        RefusedInUse "refused_in_use" "Refused, and in use",
        DecisionStale "decision_stale" "Decisions to make again",
        DecisionLapse "decision_lapse" "Decisions that lapse",
        Condition "condition" "Conditions to be met",
        EvidenceExpiry "evidence_expiry" "Evidence expired or expiring",
        ContractNotice "contract_notice" "Notice on contracts",
        ContractEnd "contract_end" "Contracts ended or ending",
        Review "review" "Reviews",
        ProfileUnknown "profile_unknown" "Not profiled yet",
        AiUnknown "ai_unknown" "Not known whether there is AI",
        NeverAssessed "never_assessed" "Never assessed",
        SecurityCheck "security_check" "Our own house: security check",
        Exercise "exercise" "Our own house: exercise",
        EvidenceToCheck "evidence_to_check" "Evidence to accept",
        AnswersToReview "answers_to_review" "Answers to review",
        Unanswered "unanswered" "Questionnaires not answered",
        AcceptanceLapse "acceptance_lapse" "Risks to decide on again",
        Action "action" "Actions on risks",
        KeyEnd "key_end" "Keys that end",
        ProviderSecretEnd "provider_secret_end" "Secrets of identity providers that end",
        EditionOutdated "edition_outdated" "Questionnaires out of date",
    }
    DueChoice {
        Complete "complete" "It is done",
        Keep "keep" "We stay: the contract goes on",
        Leave "leave" "We leave: the supplier is exiting",
        Renew "renew" "It is renewed",
        LetGo "let_go" "Let it go: nothing is to come of it",
        Done "done" "It is done",
        Met "met" "It is met",
    }
    DueState {
        Overdue "overdue" "Overdue",
        Due "due" "Within 30 days",
        Coming "coming" "Later",
    }
    Treatment {
        Avoid "avoid" "Avoid: stop doing what gives rise to it",
        Reduce "reduce" "Reduce: make it less likely or less bad",
        Share "share" "Share: let someone else bear part of it",
        Accept "accept" "Accept: live with it",
    }
    FindingOutcome {
        Action "action" "An action, with an owner and a day",
        Risk "risk" "A risk of its own, with an owner and a day",
        Nothing "nothing" "Nothing, because …",
        // Last: only a check has one before it.
        AsBefore "as_before" "It was found before: what came of it goes on",
    }
    TargetKind {
        EmailDomain "email_domain" "E-mail domain",
        Website "website" "Website",
        PublicAddress "public_address" "Public IP address",
        Browser "browser" "Browser",
    }
    ExerciseForm {
        Micro "micro" "Micro exercise: a short one about one subject",
        TableTop "table_top" "Table-top exercise: a talk through a made-up attack",
        Simulation "simulation" "Simulation: something is really done on computers",
    }
    Severity {
        Low "low" "Low",
        Moderate "moderate" "Moderate",
        High "high" "High",
        Extreme "extreme" "Extreme",
    }
    DependencyKind {
        Host "host" "Host: it runs the other’s computers",
        ModelProvider "model_provider" "Model provider: it provides the AI model",
        SubProcessor "sub_processor" "Sub-processor: it handles personal data on the other’s behalf",
        Component "component" "Component: it is a part of the other",
        Subcontractor "subcontractor" "Subcontractor: it does work for the other",
        Other "other" "Something else",
    }
    Role {
        Viewer "viewer" "Viewer: reads everything",
        Editor "editor" "Editor: also writes the register",
        Approver "approver" "Approver: also decides, and accepts risks",
        Admin "admin" "Administrator: also sets everything up",
    }
    KeyScope {
        Everything "everything" "Everything that its role allows",
        ReadOnly "read_only" "Reading only: it changes nothing",
        RegisterOnly "register_only" "Reading the register only: no answers, evidence, risks or decisions",
        ImportOnly "import_only" "Importing suppliers and products, and nothing else",
        CalendarOnly "calendar_only" "Fetching the calendar of what is due, and nothing else",
    }
    MfaRule {
        Optional "optional" "Whoever wants one has one",
        Recommended "recommended" "Recommended: whoever has none is reminded",
        Required "required" "Required: whoever has none can only set one up",
    }
    SeparationOfDuties {
        Off "off" "Nobody is kept from deciding: the same person may answer and decide",
        NotWhoAnswered "not_who_answered" "Whoever answered or submitted an assessment does not decide on it",
        NotWhoAnsweredOrReviewed "not_who_answered_or_reviewed" "Nor does whoever rated its answers",
    }
}
