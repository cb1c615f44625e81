from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="scoremodel",
            name="applied_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="developerscore",
            name="counted_in",
            field=models.BigIntegerField(null=True),
        ),
        migrations.RemoveConstraint(
            model_name="scoresnapshot", name="snapshot_developer_day_once"
        ),
        migrations.RemoveConstraint(
            model_name="scoresnapshot", name="snapshot_of_one_subject"
        ),
        migrations.RemoveField(model_name="scoresnapshot", name="developer"),
        migrations.AlterField(
            model_name="scoresnapshot",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=models.deletion.CASCADE,
                related_name="snapshots",
                to="accounts.account",
            ),
        ),
        migrations.AddIndex(
            model_name="scoresnapshot",
            index=models.Index(fields=["workspace", "day"], name="snapshot_by_day"),
        ),
    ]
