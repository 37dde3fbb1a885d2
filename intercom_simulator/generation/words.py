"""Names, places and sentences in several scripts. No logic."""
# ruff: noqa: RUF001 - letters of other scripts are the point

GIVEN_NAMES = (
    "Ada", "José", "Zoë", "Łukasz", "Søren", "Nguyễn", "Anaïs", "Björk", "Olga", "Дмитрий",
    "Ольга", "美咲", "健太", "小明", "秀英", "지민", "서연", "محمد", "ليلى", "דוד", "Priya",
    "अर्जुन", "สมชาย", "Ελένη", "Chidi", "Aroha", "Conan", "Renée", "Iñaki", "D'Arcy",
)  # fmt: skip
FAMILY_NAMES = (
    "Lovelace", "García Márquez", "Müller", "Wójcik", "Kierkegaard", "Văn Anh", "O'Neill",
    "Guðmundsdóttir", "Иванова", "Шевченко", "佐藤", "鈴木", "王", "李", "김", "이", "الحسن",
    "כהן", "Raghunathan", "शर्मा", "ใจดี", "Παπαδοπούλου", "Okonkwo", "Smith-Jones", "de la Cruz",
    "Null", "van der Berg", "Çelik", "St. John", "Xu",
)  # fmt: skip
LATIN_HANDLES = (
    "ada", "jose", "zoe", "lukasz", "soren", "nguyen", "anais", "olga", "misaki", "jimin",
    "layla", "david", "priya", "arjun", "eleni", "chidi", "aroha", "conan", "renee", "darcy",
)  # fmt: skip
DOMAINS = (
    "example.com", "mail.example.org", "bücher.example", "corp.example.net", "uni.example.edu",
    "startup.example.io", "例え.example",
)  # fmt: skip
COMPANY_NAMES = (
    "Acme", "Globex", "Łódź Logistics", "Crème & Co.", "Ørsted Værk", "株式会社サンプル",
    "示例科技", "예시상사", "شركة المثال", "ООО Ромашка", "Παράδειγμα ΑΕ", "Señor Tacos",
    'The "Quoted" Company', "Müller & Söhne GmbH", "Zażółć", "Naïve Café", "Initech", "Umbrella 🌂",
    "Hooli; DROP TABLE",
    "भारत उदाहरण",
)  # fmt: skip
INDUSTRIES = ("Software", "Manufacturing", "Retail", "Healthcare", "Éducation", "Logistics")
PLANS = (("1", "Free"), ("2", "Pro"), ("3", "Enterprise"))
PLACES = (
    ("Ireland", "Leinster", "Dublin", "IRL", "EU"),
    ("United States", "California", "San Francisco", "USA", "NA"),
    ("Japan", "Tokyo", "東京", "JPN", "AS"),
    ("Brazil", "São Paulo", "São Paulo", "BRA", "SA"),
    ("Germany", "Berlin", "Berlin", "DEU", "EU"),
    ("India", "Karnataka", "Bengaluru", "IND", "AS"),
    ("New Zealand", "Auckland", "Tāmaki Makaurau", "NZL", "OC"),
    ("Egypt", "Cairo Governorate", "القاهرة", "EGY", "AF"),
)
BROWSERS = ("chrome", "firefox", "safari", "edge")
SYSTEMS = ("OS X 10.15.7", "Windows 10", "Linux", "iOS 17.2", "Android 14")
LANGUAGES = ("en", "en-IE", "de", "ja", "pt-BR", "ar", "el")
TAG_NAMES = (
    "VIP", "Churn risk", "bug", "Bug", "feature request", "billing", "déjà-vu", "緊急",
    "🔥 hot lead", "beta", "newsletter", "onboarding", "enterprise", "trial ended", "refund",
    "GDPR", "spam?",
    "follow-up", "webinar 2024", "partner", "students", "NPS: detractor", "NPS: promoter",
    "CSV Import - 2024-02-13 13:36:22 UTC", "needs translation", "SLA", "Größe XL", "a/b test",
    "long " * 12 + "tag", "zz-archived",
)  # fmt: skip
TEAM_NAMES = ("Support", "Sales", "Billing", "Operações", "夜勤チーム", "Support")
SEGMENT_NAMES = (
    ("Active", "user"), ("New", "user"), ("Slipping away", "user"), ("Leads in Europe", "contact"),
    ("Companies < 100 people", "user"), ("Companies not IT", "user"), ("Größer als 50", "user"),
    ("VIP companies", "user"), ("No recent activity", "contact"), ("Trial", "user"),
    ("日本の会社", "user"), ("Churned", "user"),
)  # fmt: skip
SUBJECTS = (
    "",
    "",
    "",
    "Invoice question",
    "Ré: mise à jour",
    "不具合について",
    "Urgent!!",
    "🚀 launch",
)
SENTENCES = (
    "Hi there, how can I help you today?",
    "I can&#39;t log in since this morning &mdash; could you have a look?",
    "Merci beaucoup pour votre réponse rapide&nbsp;!",
    "ログインできません。よろしくお願いします。",
    "لا أستطيع تسجيل الدخول",
    "Works now, thank you so much 🎉👩‍💻",
    'Please see the <a href="https://docs.example.com/reset?step=1&amp;x=2">guide</a> for details.',
    "Line one<br>line two<br>line three",
    "<b>Important:</b> the export contains <i>all</i> rows.",
    "Zażółć gęślą jaźń \\ \"quoted\" 'text' with\ttabs",
    "Is there an API for this? We need it before 2026-01-01.",
    "👍",
)
NOTE_BODIES = ("<p>Called, no answer.</p>", "<p>Prefers e-mail 📧</p>", "<p>折り返し電話</p>")
REMARKS = ("", "Great support!", "slow…", "とても良い", "meh")
