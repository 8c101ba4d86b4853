"""Credentials of chat, mail, telephony and payments."""

from __future__ import annotations

from typing import Final

from secure_gateway.plugins.guardrails.scanner.finding import Detector
from secure_gateway.plugins.guardrails.scanner.secrets_checks import discord_token
from secure_gateway.plugins.guardrails.scanner.secrets_table import address, half, short, token

_UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

CHAT: Final[tuple[Detector, ...]] = (
    token("slack", "SLACK_TOKEN", r"xox[a-z]-|xox[a-z]\.x|xapp-\d", r"(?:xoxe\.)?(?:xox[abceoprsd]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{20,})", "Slack token types"),
    address("slack_webhook", "SLACK_WEBHOOK", r"hooks\.slack", r"https://hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[\w/+-]{20,}", "Slack incoming webhooks"),
    token("discord", "DISCORD_TOKEN", r"[\w-]{22}\.[\w-]{6}\.[\w-]{27}", r"[MNO][\w-]{22,27}\.[\w-]{6}\.[\w-]{27,45}", "Discord API reference", check=discord_token, confidence=0.9),
    address("discord_webhook", "DISCORD_WEBHOOK", r"discord(?:app)?\.com/api/", r"https://(?:\w+\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d{16,20}/[\w-]{40,}",
            "Discord webhook resource"),
    Detector(
        id="secret.telegram", type="TELEGRAM_BOT_TOKEN", category="secrets", confidence=0.95, source="Telegram Bot API",
        candidate=r"\d{8}:[\w-]{8}", exact=r"(?:\b|bot)(\d{8,10}:[\w-]{35})(?:[^\w-]|$)",
    ),
    address("teams_webhook", "TEAMS_WEBHOOK", r"\.webhook\.office\.com/|outlook\.office\.com/webhook",
            r"https://(?:[\w.-]+\.webhook|outlook)\.office\.com/webhook(?:b2)?/[0-9a-f-]{36}@[0-9a-f-]{36}/[\w/-]{32,}", "Teams incoming webhooks"),
    address("google_chat_webhook", "GOOGLE_CHAT_WEBHOOK", r"chat\.googleapis\.com/v1/spaces", r"https://chat\.googleapis\.com/v1/spaces/[\w-]+/messages\?[^\s\"'<>]*token=[\w%-]{20,}",
            "Google Chat webhooks"),
    address("feishu_webhook", "FEISHU_WEBHOOK", r"/open-apis/bot/v2/hook/", r"https://open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/[\w-]{20,}", "Feishu and Lark custom bots"),
    address("dingtalk_webhook", "DINGTALK_WEBHOOK", r"dingtalk\.com/robot/send", r"https://oapi\.dingtalk\.com/robot/send\?access_token=[a-f0-9]{64}", "DingTalk custom bots"),
    address("wecom_webhook", "WECOM_WEBHOOK", r"qyapi\.weixin\.qq\.com", rf"https://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key={_UUID}", "WeCom group bots"),
    address("zapier_webhook", "ZAPIER_WEBHOOK", r"hooks\.zapier\.com", r"https://hooks\.zapier\.com/hooks/(?:catch|standard)/[\w/]{10,}", "Webhooks by Zapier"),
    address("ifttt_webhook", "IFTTT_WEBHOOK", r"maker\.ifttt\.com", r"https://maker\.ifttt\.com/trigger/\w+/(?:json/)?with/key/[\w-]{20,}", "IFTTT webhooks"),
)  # fmt: skip

MAIL: Final[tuple[Detector, ...]] = (
    token("twilio_key", "TWILIO_KEY", r"SK[0-9a-f]{8}", r"SK[0-9a-f]{32}\b", "Twilio API keys"),
    half("twilio_auth", "TWILIO_AUTH_TOKEN", r"(?i)twilio|AC[0-9a-f]{32}", r"\b[0-9a-f]{32}\b", "Twilio auth tokens",
         "twilio(?:[ _-]?auth)?(?:[ _-]?token)?", "(?-i:AC[0-9a-f]{32})"),
    token("firebase_messaging", "FIREBASE_KEY", r":APA91b", r"AAAA[\w-]{7}:APA91b[\w-]{100,}", "Firebase Cloud Messaging server keys"),
    token("sendgrid", "SENDGRID_KEY", r"SG\.[\w-]{16}", r"SG\.[\w-]{16,32}\.[\w-]{16,64}", "Twilio SendGrid API keys"),
    token("mailgun", "MAILGUN_KEY", r"key-[0-9a-f]{8}|[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}", r"(?:key-[0-9a-f]{32}|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8})\b", "Mailgun API keys"),
    token("mailchimp", "MAILCHIMP_KEY", r"[0-9a-f]-us\d", r"[0-9a-f]{32}-us\d{1,2}\b", "Mailchimp API keys"),
    short("mandrill", "MANDRILL_KEY", r"md-[\w-]{8}", r"md-[\w-]{22}\b", "Mailchimp Transactional API keys"),
    short("resend", "RESEND_KEY", r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]", r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}", "Resend API keys"),
    token("brevo", "BREVO_KEY", r"x(?:keysib|smtpsib)-", r"x(?:keysib|smtpsib)-[0-9a-f]{64}-[A-Za-z0-9]{16}\b", "Brevo API and SMTP keys"),
    token("mailersend", "MAILERSEND_KEY", r"mlsn\.[0-9a-f]{8}", r"mlsn\.[0-9a-f]{64}\b", "MailerSend API tokens"),
    token("intercom", "INTERCOM_TOKEN", r"dG9rOj", r"dG9rOj[A-Za-z0-9+/]{40,}={0,2}", "Intercom access tokens"),
)  # fmt: skip

PAYMENTS: Final[tuple[Detector, ...]] = (
    token("stripe", "STRIPE_KEY", r"[sr]k_(?:live|test|prod|org|sbox)_|whsec_",
          r"(?:[sr]k_(?:live|test|prod|org|sbox)_(?:live_|test_)?[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{24,}=*)", "Stripe API keys; Paystack, Clerk and Svix follow it"),
    token("square", "SQUARE_TOKEN", r"sq0(?:csp|atp|acp)-", r"sq0(?:csp|atp|acp)-[\w-]{22,}", "Square access tokens and secrets"),
    short("square_token", "SQUARE_TOKEN", r"EAAA[\w-]{8}", r"EAAA[\w-]{60}\b", "Square access tokens"),
    token("braintree", "PAYPAL_TOKEN", r"access_token\$(?:prod|sand)", r"access_token\$(?:production|sandbox)\$[a-z0-9]{16}\$[0-9a-f]{32}\b", "Braintree access tokens"),
    token("shopify", "SHOPIFY_TOKEN", r"shp(?:at|ca|pa|ss|tka|ua)_", r"shp(?:at|ca|pa|ss|tka|ua)_[a-fA-F0-9]{32}\b", "Shopify access tokens"),
    token("flutterwave", "FLUTTERWAVE_KEY", r"FLWSECK", r"FLWSECK(?:_TEST)?-[0-9a-fA-F]{12,}(?:-\w+)*", "Flutterwave API keys"),
    token("razorpay", "RAZORPAY_KEY", r"rzp_(?:live|test)_", r"rzp_(?:live|test)_[A-Za-z0-9]{14,}", "Razorpay API keys"),
    token("plaid", "PLAID_TOKEN", r"access-(?:sandbox|development|production)-", rf"access-(?:sandbox|development|production)-{_UUID}", "Plaid access tokens"),
    token("adyen", "ADYEN_KEY", r"AQE[a-z][A-Za-z0-9+/]{2}", r"AQE[a-z][A-Za-z0-9+/]{60,}={0,2}-[A-Za-z0-9+/]{30,}={0,2}-[^\s\"']{8,}", "Adyen API credentials"),
    token("mollie", "MOLLIE_KEY", r"(?:live|test)_[A-Za-z0-9]{8}", r"(?:live|test)_[A-Za-z0-9]{30,36}\b", "Mollie API keys", confidence=0.8),
    token("paddle", "PADDLE_KEY", r"pdl_(?:live|sdbx)_", r"pdl_(?:live|sdbx)_apikey_[a-z0-9]{26}_[A-Za-z0-9]{22}_[A-Za-z0-9]{3}\b", "Paddle API keys"),
    token("xendit", "XENDIT_KEY", r"xnd_(?:production|development)_", r"xnd_(?:production|development)_[A-Za-z0-9]{30,}", "Xendit API keys"),
    token("omise", "OMISE_KEY", r"skey_[a-z0-9]{4}", r"skey_(?:test_)?[a-z0-9]{19,}", "Omise API keys"),
    token("mercado_pago", "MERCADO_PAGO_TOKEN", r"APP_USR-\d{4}", r"APP_USR-\d{10,}-\d{6}-[0-9a-f_]{20,}-\d+", "Mercado Pago credentials"),
    token("easypost", "EASYPOST_KEY", r"EZ[AT]K[A-Za-z0-9]{8}", r"EZ[AT]K[A-Za-z0-9]{54}\b", "EasyPost API keys"),
    token("shippo", "SHIPPO_TOKEN", r"shippo_(?:live|test)_", r"shippo_(?:live|test)_[a-f0-9]{40}\b", "Shippo API tokens"),
    token("duffel", "DUFFEL_TOKEN", r"duffel_(?:live|test)_", r"duffel_(?:live|test)_[\w-]{40,}", "Duffel access tokens"),
)  # fmt: skip

MESSAGE_DETECTORS: Final[tuple[Detector, ...]] = CHAT + MAIL + PAYMENTS
