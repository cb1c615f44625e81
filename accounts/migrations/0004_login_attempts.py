from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_people")]

    operations = [
        migrations.CreateModel(
            name="LoginAttempts",
            fields=[
                ("bucket", models.UUIDField(primary_key=True, serialize=False)),
                ("since", models.DateTimeField()),
                ("attempts", models.PositiveIntegerField()),
            ],
            options={"verbose_name_plural": "login attempts"},
        ),
    ]
