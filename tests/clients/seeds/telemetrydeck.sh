curl -X "POST" "https://nom.telemetrydeck.com/v2/namespace/your-namespace/" \
-H 'Content-Type: application/json; charset=utf-8' \
-d $'[
{
"appID": "AAAA-BBBBBBBB-CCCC-DDDD",
"clientUser": "myClientUserHash",
"type": "Actions.LoginView.loginButtonSucceeded"
}
]'
